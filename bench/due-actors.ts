import type { Command } from '../src/core/command.ts';
import { benchContext } from './item.ts';
import { must, number, type Row, withApp } from './support.ts';

const batch = 2_000;

/** A job over many due actors, from the manual slot to its verdict, with due index and runs caught up. */
export const dueActors = (scale: number): Promise<readonly Row[]> =>
  withApp([benchContext], async (app) => {
    const { service } = app;
    const count = Math.round(100_000 * scale);
    for (let from = 0; from < count; from += batch) {
      const asOf = service.clock.now();
      const commands: Command[] = Array.from({ length: Math.min(batch, count - from) }, (_, index) => ({
        id: `hold-${from + index}`,
        to: `bench.item-i${from + index}`,
        type: 'HoldItem',
        data: { cents: 100 + index, ms: 1 },
        asOf,
      }));
      const answers = await service.commands.sendMany(commands);
      must(
        answers.every((answer) => answer.kind === 'accepted'),
        'every hold accepted',
      );
    }
    const before = (await service.store.head())!;
    await service.readModels.passed('due-index', before);
    globalThis.gc?.();
    let peak = 0;
    const sampler = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 50);
    const started = performance.now();
    await app.inject('POST', '/api/v1/jobs/trigger/release-items', { reason: 'bench' });
    let closed: { readonly counts: { readonly due: number; readonly changed: number; readonly parked: number } } | undefined;
    const stop = new AbortController();
    for await (const page of service.store.subscribe({ after: before, types: ['SlotClosed'] }, stop.signal)) {
      const event = page.events.find((each) => each.type === 'SlotClosed');
      if (event === undefined) continue;
      closed = event.data as NonNullable<typeof closed>;
      await service.readModels.passed('due-index', event.position);
      await service.readModels.passed('runs', event.position);
      break;
    }
    stop.abort();
    const seconds = (performance.now() - started) / 1_000;
    clearInterval(sampler);
    must(closed?.counts.due === count && closed.counts.changed === count && closed.counts.parked === 0, `due and changed are ${count}`);
    const released = new Set<string>();
    let events = 0;
    for await (const page of service.store.readAll({ types: ['ItemReleased'] })) {
      for (const event of page.events) released.add(event.stream);
      events += page.events.length;
    }
    must(events === count && released.size === count, 'each actor released exactly once');
    const memory = peak / 1024 / 1024;
    return [
      {
        work: `job over ${number(count)} due actors`,
        figure: `${number(count / seconds)} actors/s`,
        reach: '50,000',
        met: count / seconds >= 50_000,
        check: `${number(events)} released, once each`,
      },
      { work: 'memory in that run', figure: `${number(memory)} MiB`, reach: '<= 250', met: memory <= 250, check: 'peak RSS' },
    ];
  });
