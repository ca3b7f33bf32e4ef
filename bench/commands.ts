import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEventStore } from '../src/adapters/sqlite/event-store.ts';
import { createSystemClock } from '../src/adapters/system/clock.ts';
import { createSystemIds } from '../src/adapters/system/ids.ts';
import { benchContext } from './item.ts';
import { inFlight, must, number, percentile, type Row, withApp } from './support.ts';

/** Commands to new streams, 64 in flight, each answered when durable. */
export const independentCommands = (scale: number): Promise<readonly Row[]> =>
  withApp([benchContext], async ({ service }) => {
    const count = Math.round(50_000 * scale);
    let accepted = 0;
    const started = performance.now();
    await inFlight(count, 64, async (index) => {
      const answer = await service.commands.send({
        id: `c-${index}`,
        to: `bench.item-c${index}`,
        type: 'HoldItem',
        data: { cents: 5, ms: 86_400_000 },
        asOf: service.clock.now(),
      });
      if (answer.kind === 'accepted') accepted += 1;
    });
    const rate = count / ((performance.now() - started) / 1_000);
    must(accepted === count, 'every command accepted');
    return [
      {
        work: `${number(count)} commands, 64 in flight, new streams`,
        figure: `${number(rate)}/s`,
        reach: '25,000',
        met: rate >= 25_000,
        check: `${number(accepted)} accepted`,
      },
    ];
  });

/** One command at a time, from the call to the durable answer. */
export const commandLatency = (scale: number): Promise<readonly Row[]> =>
  withApp([benchContext], async ({ service }) => {
    const times: number[] = [];
    const count = Math.round(5_000 * scale);
    for (let index = 0; index < count; index++) {
      const started = performance.now();
      const answer = await service.commands.send({
        id: `l-${index}`,
        to: `bench.item-l${index}`,
        type: 'HoldItem',
        data: { cents: 5, ms: 86_400_000 },
        asOf: service.clock.now(),
      });
      times.push(performance.now() - started);
      must(answer.kind === 'accepted', 'accepted');
    }
    const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
    return [
      {
        work: 'one command to durable, p50 / p99',
        figure: `${p50.toFixed(2)} / ${p99.toFixed(2)} ms`,
        reach: '1 / 3 ms',
        met: p50 <= 1 && p99 <= 3,
        check: `${number(count)} commands`,
      },
    ];
  });

/** The bare event store: single appends of one event, 64 in flight, group commit. */
export const appends = async (scale: number): Promise<readonly Row[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
  const clock = createSystemClock();
  const ids = createSystemIds();
  const store = openSqliteEventStore({ file: join(folder, 'events.db'), clock });
  const count = Math.round(200_000 * scale);
  const revisions = new Array<number>(64).fill(-1);
  const started = performance.now();
  await Promise.all(
    revisions.map(async (_, writer) => {
      for (let index = 0; index < count / 64; index++) {
        const expected = revisions[writer]! < 0 ? ('no-stream' as const) : revisions[writer]!;
        const metadata = { correlationId: 'bench', causationId: 'bench', asOf: clock.now(), rule: 'bench', schema: '1' };
        const result = await store.append({
          stream: `bench.item-w${writer}`,
          expected,
          events: [{ id: ids.next(), type: 'ItemHeld', data: { cents: index, until: null }, metadata }],
        });
        must(result.ok, 'appended');
        revisions[writer] = revisions[writer]! + 1;
      }
    }),
  );
  const total = Math.floor(count / 64 + (count % 64 ? 1 : 0)) * 64;
  const rate = total / ((performance.now() - started) / 1_000);
  must(Number(await store.head()) >= total - 1, 'all are in the log');
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  return [
    {
      work: 'appends, 64 in flight, one event each',
      figure: `${number(rate)}/s`,
      reach: '50,000',
      met: rate >= 50_000,
      check: `${number(total)} events`,
    },
  ];
};
