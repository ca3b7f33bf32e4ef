import { expect, it } from 'vitest';
import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { createSystemIds } from '../../src/adapters/system/ids.ts';
import type { ScheduleState } from '../../src/contexts/engine/schedule/events.ts';
import { schedule } from '../../src/contexts/engine/schedule/schedule.ts';
import type { AnyDecider } from '../../src/core/decider.ts';
import type { Position } from '../../src/core/event.ts';
import { runStream, slotId } from '../../src/core/ids.ts';
import { instant, plus } from '../../src/core/instant.ts';
import { evolveAll } from '../../src/core/settle.ts';
import { cron } from '../../src/core/slots.ts';
import { dropChapters } from '../../src/handlers/ledger.ts';
import { loadActor } from '../../src/handlers/load.ts';
import { project } from '../../src/projections/projector.ts';
import { runs } from '../../src/projections/runs.ts';
import { statsOfSchedules } from '../../src/projections/stats.ts';
import { virtualClock } from '../support/virtual.ts';

const key = 'giving/release-escrows';
const dayMs = 86_400_000;
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

  const readModels = openSqliteReadModels({ file: ':memory:' });
  let upTo = await readModels.open(runs, 'live');
  const catchUp = async (): Promise<void> => {
    for await (const page of store.readAll({ after: upTo })) {
      await project(readModels, runs, page, upTo);
      upTo = page.upTo;
    }
  };
  const rebuilt = async (): Promise<string> => {
    await readModels.open(runs, 'rebuild');
    let previous: Position | null = null;
    for await (const page of store.readAll({})) {
      await project(readModels, runs, page, previous, { build: 'rebuild' });
      previous = page.upTo;
    }
    return readModels.hash('runs', 'rebuild');
  };
  const runOf = runStream(slotId(key, plus(start, 3_600_000)));
  const metadata = { correlationId: 'x', causationId: 'x', asOf: start, rule: 'x', schema: '1' };
  await store.append({ stream: runOf, expected: 'no-stream', events: [{ id: 'run', type: 'RunCompleted', data: {}, metadata }] });

  await expect(act('TrimLedger', { before: plus(clock.now(), -90 * dayMs) })).rejects.toThrow('nothing-so-old');
  await act('TrimLedger', { before: plus(clock.now(), -20 * dayMs) });
  await catchUp();
  const before = (await store.read(stream, { limit: 10_000 })).events.length;
  const rows = await readModels.count('runs', {});
  expect(rows).toBe(700);
  expect(await rebuilt()).toBe(await readModels.hash('runs', 'live'));

  const fold = await dropChapters(store, stream, 0);
  const after = (await store.read(stream, { limit: 10_000 })).events;
  expect(after.length).toBeLessThan(before);
  expect(after[0]).toMatchObject({ type: 'LedgerFolded', revision: fold });
  expect((await loadActor(store, decider, stream)).state).toEqual(state);
  expect((await store.read(runOf)).head).toBe('erased');

  // What is gone from the log is gone from the table: a rebuild is still the same. Figures are the schedule's own.
  await catchUp();
  expect(await rebuilt()).toBe(await readModels.hash('runs', 'live'));
  expect(statsOfSchedules(key, [state as ScheduleState])).toMatchObject({ total: 1_200, completed: 1_200, failed: 0 });
  expect(await dropChapters(store, stream, 0)).toBe(fold);
  await readModels.close();
});
