import type { App } from '../src/app.ts';
import { benchContext, forgetful } from './item.ts';
import { caughtUp, must, number, type Row, sendAll, type Work, withApp } from './support.ts';

type Counts = { readonly due: number; readonly changed: number; readonly parked: number };

export const hold = (app: App, count: number, name: string, ms: number): Promise<void> =>
  sendAll(app, count, (index) => ({
    id: `hold-${name}${index}`,
    to: `bench.item-${name}${index}`,
    type: 'HoldItem',
    data: { cents: 100 + index, ms },
  }));

/** One run over everything that is due, from the trigger to its verdict with due index and runs caught up; seconds and peak memory. */
export const runOnce = async (app: App): Promise<{ readonly seconds: number; readonly peakMiB: number; readonly counts: Counts }> => {
  const { service } = app;
  const before = (await service.store.head())!;
  await caughtUp(app, 'due-index');
  globalThis.gc?.();
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 50);
  const started = performance.now();
  await app.inject('POST', '/api/v1/jobs/trigger/release-items', { reason: 'bench' });
  let counts: Counts = { due: 0, changed: 0, parked: 0 };
  const stop = new AbortController();
  for await (const page of service.store.subscribe({ after: before, types: ['SlotClosed'] }, stop.signal)) {
    const event = page.events.find((each) => each.type === 'SlotClosed');
    if (event === undefined) continue;
    counts = (event.data as { counts: Counts }).counts;
    await Promise.all(['due-index', 'runs'].map((name) => service.readModels.passed(name, event.position)));
    break;
  }
  stop.abort();
  clearInterval(sampler);
  return { seconds: (performance.now() - started) / 1_000, peakMiB: peak / 2 ** 20, counts };
};

/** Every item of the log was released, each once. */
export const mustBeReleased = async ({ service }: App, count: number): Promise<void> => {
  const released = new Set<string>();
  let events = 0;
  for await (const page of service.store.readAll({ types: ['ItemReleased'] })) {
    for (const event of page.events) released.add(event.stream);
    events += page.events.length;
  }
  must(events === count && released.size === count, 'each actor released exactly once');
};

/** A job over many due actors. */
export const dueActors: Work = (scale, broken) =>
  withApp([broken ? forgetful : benchContext], async (app): Promise<readonly Row[]> => {
    const count = Math.round(100_000 * scale);
    await hold(app, count, 'i', 1);
    const { seconds, peakMiB, counts } = await runOnce(app);
    if (!broken) must(counts.due === count && counts.changed === count && counts.parked === 0, `due and changed are ${count}`);
    await mustBeReleased(app, count);
    return [
      {
        work: `job over ${number(count)} due actors`,
        figure: `${number(count / seconds)} actors/s`,
        reach: '50,000',
        met: count / seconds >= 50_000,
        beside: 'PostgreSQL batch UPDATE + audit row 88,000-92,000; row by row 3,000',
        check: `${number(count)} released, once each`,
      },
      {
        work: 'memory in that run',
        figure: `${number(peakMiB)} MiB`,
        reach: '<= 250',
        met: peakMiB <= 250,
        beside: 'BullMQ 290, pg-boss 87, node-cron 99 MiB',
        check: 'peak RSS, every 50 ms',
      },
    ];
  });
