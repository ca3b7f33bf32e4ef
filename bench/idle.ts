import { scopedDefinition } from '../src/core/definition.ts';
import type { Json } from '../src/core/json.ts';
import { cron } from '../src/core/slots.ts';
import { shopContext } from './item.ts';
import { caughtUp, must, number, type Row, sendAll, type Work, withApp } from './support.ts';

const expressions = ['0 3 * * *', '30 4 * * *', '15 5 * * *', '0 6 * * *', '45 7 * * *'];

/** What a service costs that has many daily schedules and nothing to do: CPU time of the process against the wall clock. */
export const idle: Work = (scale, broken) =>
  withApp([shopContext], async (app): Promise<readonly Row[]> => {
    const { service } = app;
    const count = Math.round(100_000 * scale);
    const job = service.registry.jobs.get('bench/close-shops')!;
    const activeFrom = service.clock.now();
    await sendAll(app, count, (index) => ({
      id: `define-${index}`,
      to: `engine.schedule-bench/close-shops/s${index}`,
      type: 'DefineSchedule',
      data: {
        definition: scopedDefinition(job, `s${index}`, { schedule: cron(expressions[index % expressions.length]!) }),
        activeFrom,
      } as unknown as Json,
    }));
    await caughtUp(app, 'due-index', 'runs');
    const seconds = Math.max(5, 20 * scale);
    // What the definitions left to do is done when two seconds cost next to nothing.
    for (let before = process.cpuUsage(); ; before = process.cpuUsage()) {
      await service.clock.sleep(2_000);
      const { user, system } = process.cpuUsage(before);
      if (user + system < 200_000) break;
    }
    const before = process.cpuUsage();
    const started = performance.now();
    while (performance.now() - started < seconds * 1_000) {
      await service.clock.sleep(100);
      // The defect: somebody spins.
      if (broken) for (const until = performance.now() + 50; performance.now() < until; );
    }
    const { user, system } = process.cpuUsage(before);
    const share = (user + system) / 1_000 / (performance.now() - started);
    let schedules = 0;
    for await (const page of service.store.readAll({ types: ['ScheduleDefined'] })) schedules += page.events.length;
    must(schedules === count, 'every schedule is defined');
    if (broken) must(share < 0.05, 'the process is idle');
    return [
      {
        work: `idle with ${number(count)} daily schedules`,
        figure: `${(share * 100).toFixed(2)} % of one core`,
        reach: '< 1 %',
        met: share < 0.01,
        beside: '',
        check: `${number(schedules)} schedules, ${seconds} s`,
      },
    ];
  });
