import { hold, mustBeReleased, runOnce } from './due-actors.ts';
import { benchContext, forgetful } from './item.ts';
import { must, number, openApp, temporary, type Work } from './support.ts';

/** The same job over ten times the actors, and the start on the log that they leave. */
export const growth: Work = async (scale, broken) => {
  const folder = temporary();
  const contexts = [broken ? forgetful : benchContext];
  const [small, large] = [Math.round(100_000 * scale), Math.round(1_000_000 * scale)];
  let app = await openApp(folder.path, contexts);
  try {
    await hold(app, small, 's', 1);
    const first = await runOnce(app);
    await hold(app, large, 'l', 1);
    const second = await runOnce(app);
    await mustBeReleased(app, small + large);
    const [slow, fast] = [large / second.seconds, small / first.seconds];
    const events = Number(await app.service.store.head());
    await app.close();
    const started = performance.now();
    app = await openApp(folder.path, contexts);
    const startSeconds = (performance.now() - started) / 1_000;
    must(Number(await app.service.store.head()) >= events, 'the log is the same');
    return [
      {
        work: `rate of ${number(large)} actors against ${number(small)}`,
        figure: `${((slow / fast) * 100).toFixed(0)} % (${number(slow)} of ${number(fast)}/s)`,
        reach: '>= 80 %',
        met: slow / fast >= 0.8,
        beside: '',
        check: `${number(small + large)} released, once each`,
      },
      {
        work: `memory at ${number(large)} against ${number(small)}`,
        figure: `${number(second.peakMiB)} of ${number(first.peakMiB)} MiB`,
        reach: 'flat',
        met: second.peakMiB <= first.peakMiB * 1.25,
        beside: '',
        check: 'peak RSS, every 50 ms',
      },
      {
        work: `start on a log of ${number(events)} events`,
        figure: `${startSeconds.toFixed(2)} s`,
        reach: '<= 2 s',
        met: startSeconds <= 2,
        beside: '',
        check: 'to the answering service',
      },
    ];
  } finally {
    await app.close();
    folder.remove();
  }
};
