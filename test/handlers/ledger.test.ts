import { expect, it } from 'vitest';
import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { createSystemIds } from '../../src/adapters/system/ids.ts';
import type { ScheduleState } from '../../src/contexts/engine/schedule/events.ts';
import { schedule } from '../../src/contexts/engine/schedule/schedule.ts';
import type { AnyDecider } from '../../src/core/decider.ts';
import { slotId } from '../../src/core/ids.ts';
import { instant, plus } from '../../src/core/instant.ts';
import { evolveAll } from '../../src/core/settle.ts';
import { cron } from '../../src/core/slots.ts';
import { trimLedger } from '../../src/handlers/ledger.ts';
import { loadActor } from '../../src/handlers/load.ts';
import { project } from '../../src/projections/projector.ts';
import { statsOf } from '../../src/projections/run-queries.ts';
import { runs } from '../../src/projections/runs.ts';
import { virtualClock } from '../support/virtual.ts';

const key = 'giving/release-escrows';
const start = instant('2026-01-01T00:00Z');

it('a ledger is folded every 500 verdicts, loads from its newest fold, and loses what is older than keepRuns', async () => {
  const clock = virtualClock(start);
  const store = createMemoryEventStore({ clock });
  const ids = createSystemIds();
  const stream = `engine.schedule-${key}` as const;
  const decider = schedule as unknown as AnyDecider;
  let state = decider.initial;
  let revision: number | 'no-stream' = 'no-stream';
  const act = async (type: string, data: object): Promise<void> => {
    const decision = decider.decide({ type, data: data as never, asOf: clock.now() }, state);
    if (decision.kind !== 'accepted') throw new Error(decision.rule);
    const metadata = { correlationId: 'x', causationId: ids.next(), asOf: clock.now(), rule: decision.rule, schema: '1' };
    const result = await store.append({
      stream,
      expected: revision,
      events: decision.events.map((event) => ({ ...event, id: ids.next(), metadata })),
    });
    if (result.ok) revision = result.revision;
    state = evolveAll(decider, state, decision.events);
  };
  const definition = {
    job: key,
    scope: '',
    schedule: cron('0 * * * *'),
    zone: 'UTC',
    enabled: true,
    catchUp: 'due',
    overlap: 'skip',
    build: 1,
  };
  await act('DefineSchedule', { definition, activeFrom: start });
  for (let hour = 0; hour < 1_200; hour++) {
    const at = plus(start, hour * 3_600_000);
    clock.set(at);
    await act('OpenSlot', { slot: slotId(key, at), at, cause: 'schedule' });
    await act('CloseSlot', {
      slot: slotId(key, at),
      verdict: 'completed',
      counts: { due: 0, changed: 0, parked: 0, events: {} },
      durationMs: 1,
      message: null,
    });
  }
  const loaded = await loadActor(store, decider, stream);
  expect(loaded.state).toEqual(state);
  expect((loaded.state as ScheduleState).watermark).toBe(plus(start, 1_199 * 3_600_000));

  expect(await trimLedger({ store, clock, keepRunsDays: 90 }, stream)).toBeNull();
  const before = (await store.read(stream, { limit: 10_000 })).events.length;
  const fold = await trimLedger({ store, clock, keepRunsDays: 20 }, stream);
  const after = (await store.read(stream, { limit: 10_000 })).events;
  expect(after.length).toBeLessThan(before);
  expect(after[0]).toMatchObject({ type: 'LedgerFolded', revision: fold });
  expect((await loadActor(store, decider, stream)).state).toEqual(state);

  // Figures over all runs survive the trim: a rebuild meets the fold, whose totals stand for what is gone.
  const readModels = openSqliteReadModels({ file: ':memory:' });
  let previous = await readModels.open(runs, 'live');
  for await (const page of store.readAll({})) {
    await project(readModels, runs, page, previous);
    previous = page.upTo;
  }
  expect(await statsOf(readModels, key)).toEqual({
    totalExecutions: 1_200,
    successfulExecutions: 1_200,
    failedExecutions: 0,
    successRate: 100,
  });
  await readModels.close();
});
