import type { Command } from '../src/core/command.ts';
import { benchContext } from './item.ts';
import { must, number, type Row, withApp } from './support.ts';

/** Rebuild of the due index beside the live one, events a second. */
export const rebuilds = (scale: number): Promise<readonly Row[]> =>
  withApp([benchContext], async ({ service }) => {
    const count = Math.round(100_000 * scale);
    for (let from = 0; from < count; from += 2_000) {
      const asOf = service.clock.now();
      const commands: Command[] = Array.from({ length: 2_000 }, (_, index) => ({
        id: `r-${from + index}`,
        to: `bench.item-r${(from + index) % (count / 2)}`,
        type: 'HoldItem',
        data: { cents: 1, ms: 86_400_000 },
        asOf,
      }));
      await service.commands.sendMany(commands);
    }
    await service.readModels.passed('due-index', (await service.store.head())!);
    const rows: Row[] = [];
    for (const name of ['due-index', 'runs']) {
      const started = performance.now();
      const { events } = await service.projections.rebuild(name);
      const rate = events / ((performance.now() - started) / 1_000);
      must((await service.projections.verify(name)).equal, 'the rebuild equals the live one');
      rows.push({
        work: `rebuild of ${name}`,
        figure: `${number(rate)} events/s`,
        reach: '100,000',
        met: rate >= 100_000,
        check: `${number(events)} events, hash equal`,
      });
    }
    return rows;
  });
