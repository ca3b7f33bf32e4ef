import { describe, expect, it } from 'vitest';
import type { ScheduleEvent, ScheduleState, Verdict } from '../../src/contexts/engine/schedule/events.ts';
import { evolve, initial } from '../../src/contexts/engine/schedule/evolve.ts';
import { slotId } from '../../src/core/ids.ts';
import { type Instant, instant, plus } from '../../src/core/instant.ts';
import { statsOfSchedules, successRate } from '../../src/projections/stats.ts';

const job = 'giving/release-escrows';
const start = instant('2026-11-01T00:00:00.000Z');
const at = (nth: number): Instant => plus(start, nth * 3_600_000);
const end = (nth: number): Instant => plus(at(nth), 1_550);

const run = (nth: number, verdict: Verdict): ScheduleEvent[] => [
  {
    type: 'SlotOpened',
    data: { slot: slotId(job, at(nth)), at: at(nth), cause: 'schedule', version: 1, definedBy: 'code', chapter: 0, openedAt: at(nth) },
  },
  {
    type: 'SlotClosed',
    data: {
      slot: slotId(job, at(nth)),
      at: at(nth),
      verdict,
      counts: { due: 0, changed: 0, parked: 0, events: {} },
      durationMs: 1_500,
      message: null,
      closedAt: end(nth),
    },
  },
];
const scheduleWith = (...events: readonly ScheduleEvent[]): ScheduleState => events.reduce(evolve, initial);

it.each([
  [40, 42, 95.24],
  [1, 3, 33.33],
  [2, 3, 66.67],
  [0, 5, 0],
  [7, 7, 100],
  [0, 0, 0],
  [1, 7, 14.29],
])('%i of %i successes are %f percent', (successful, total, rate) => {
  expect(successRate(successful, total)).toBe(rate);
});

describe('figures of a job', () => {
  it('go over all runs, also over more than a hundred', () => {
    const verdicts: readonly Verdict[] = ['completed', 'completed', 'failed', 'completed', 'cancelled'];
    const events = Array.from({ length: 250 }, (_, nth) => run(nth, verdicts[nth % 5]!)).flat();
    expect(statsOfSchedules(job, [scheduleWith(...events)])).toMatchObject({
      total: 250,
      completed: 150,
      failed: 50,
      cancelled: 50,
      timedOut: 0,
      totalDurationMs: 375_000,
      lastSlot: slotId(job, at(249)),
      lastVerdict: 'cancelled',
      failuresInARow: 0,
    });
  });

  it('failures in a row count up to the next success; a cancelled run is neither', () => {
    let state = initial;
    const told = (['failed', 'timed-out', 'cancelled', 'failed', 'completed'] as const).map((verdict, nth) => {
      state = run(nth, verdict).reduce(evolve, state);
      const stats = statsOfSchedules(job, [state]);
      return [stats.failuresInARow, stats.failingSince, stats.lastFailureAt, stats.lastSuccessAt];
    });
    expect(told).toEqual([
      [1, end(0), end(0), null],
      [2, end(0), end(1), null],
      [2, end(0), end(1), null],
      [3, end(0), end(3), null],
      [0, null, end(3), end(4)],
    ]);
  });

  it('with a schedule per scope are those of all scopes', () => {
    const one = scheduleWith(...run(0, 'failed'), ...run(1, 'failed'));
    const other = scheduleWith(...run(2, 'completed'), {
      type: 'SlotsSkipped',
      data: { from: at(3), to: at(6), count: 4, reason: 'missed', chapter: 0 },
    });
    expect(statsOfSchedules(job, [one, other])).toMatchObject({
      total: 3,
      failed: 2,
      completed: 1,
      skipped: 4,
      lastVerdict: 'completed',
      lastSuccessAt: end(2),
      lastFailureAt: end(1),
      failingSince: end(0),
      failuresInARow: 2,
    });
    expect(statsOfSchedules(job, [])).toMatchObject({ total: 0, lastVerdict: null, activeFrom: null, failuresInARow: 0 });
  });
});
