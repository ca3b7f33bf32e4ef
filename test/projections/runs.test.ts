import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/contexts/engine/schedule/events.ts';
import { instant, plus } from '../../src/core/instant.ts';
import { getRun, getStats, listRuns, listSkips, statsOf, successRate } from '../../src/projections/run-queries.ts';
import { runs } from '../../src/projections/runs.ts';
import { type Fact, noon, openProjection } from './support.ts';

const job = 'giving/release-escrows';
const schedule = `engine.schedule-${job}`;
const start = instant('2026-11-01T00:00:00.000Z');
const hour = 3_600_000;
const slotAt = (nth: number): string => `${job}@${plus(start, nth * hour).replace(':00.000Z', 'Z')}`;

const opened = (nth: number, more: Fact['metadata'] = {}): Fact => {
  const at = plus(start, nth * hour);
  return {
    stream: schedule,
    type: 'SlotOpened',
    data: { slot: slotAt(nth), at, cause: 'schedule', version: 1, openedAt: plus(at, 50) },
    recordedAt: at,
    metadata: more,
  };
};
type Counted = { readonly changed: number; readonly events: { readonly [type: string]: number } };
const closed = (
  nth: number,
  verdict: Verdict = 'completed',
  message: string | null = null,
  counted: Counted = { changed: 0, events: {} },
): Fact => {
  const at = plus(start, nth * hour);
  const counts = { due: 2, parked: 1, ...counted };
  return {
    stream: schedule,
    type: 'SlotClosed',
    data: { slot: slotAt(nth), at, verdict, counts, durationMs: 1_500, message, closedAt: plus(at, 1_550) },
    recordedAt: at,
  };
};
const changed = (nth: number, stream: string, type: string, hops?: string): Fact => ({
  stream,
  type,
  metadata: { correlationId: slotAt(nth), causationId: 'due', ...(hops === undefined ? {} : { hops }) },
});

describe('success rate', () => {
  it.each([
    [40, 42, 95.24],
    [1, 3, 33.33],
    [2, 3, 66.67],
    [0, 5, 0],
    [7, 7, 100],
    [0, 0, 0],
    [1, 7, 14.29],
  ])('%i of %i is %f', (successful, total, rate) => {
    expect(successRate(successful, total)).toBe(rate);
  });

  it('40 of 42 recorded runs are 95.24 percent', async () => {
    const { readModels, feed } = await openProjection(runs);
    for (let nth = 0; nth < 42; nth++) await feed(opened(nth), closed(nth, nth === 7 ? 'failed' : nth === 20 ? 'timed-out' : 'completed'));
    expect(await statsOf(readModels, job)).toEqual({
      totalExecutions: 42,
      successfulExecutions: 40,
      failedExecutions: 2,
      successRate: 95.24,
    });
    expect(await statsOf(readModels)).toMatchObject({ totalExecutions: 42, successRate: 95.24 });
    expect(await statsOf(readModels, 'no/job')).toEqual({
      totalExecutions: 0,
      successfulExecutions: 0,
      failedExecutions: 0,
      successRate: 0,
    });
  });
});

describe('a run', () => {
  it('is open until its verdict, with cause, person, reason and trace', async () => {
    const { readModels, feed } = await openProjection(runs);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await feed(opened(0, { by: 'ann', reason: 'by hand', traceparent }));
    expect(await getRun(readModels, slotAt(0))).toMatchObject({
      slot: slotAt(0),
      key: job,
      job,
      scope: '',
      at: start,
      cause: 'schedule',
      by: 'ann',
      reason: 'by hand',
      traceparent,
      verdict: 'open',
      closedAt: null,
      durationMs: null,
      version: 1,
    });
    await feed(closed(0, 'failed', 'broken'));
    expect(await getRun(readModels, slotAt(0))).toMatchObject({
      verdict: 'failed',
      due: 2,
      parked: 1,
      durationMs: 1_500,
      message: 'broken',
      by: 'ann',
      openedAt: plus(start, 50),
      closedAt: plus(start, 1_550),
    });
    expect(await getRun(readModels, slotAt(1))).toBeNull();
  });

  it('counts events and actors by correlation, without what has hops, and without other correlations', async () => {
    const { readModels, feed } = await openProjection(runs);
    await feed(
      opened(0),
      changed(0, 'giving.escrow-a', 'EscrowReleased'),
      changed(0, 'giving.escrow-a', 'EscrowReleased'),
      changed(0, 'giving.wallet-r', 'FundsPosted', '1'),
    );
    await feed(
      changed(0, 'giving.escrow-b', 'EscrowReleased'),
      changed(0, 'giving.coins-d', 'CoinsAwarded', '1'),
      changed(0, 'giving.escrow-c', 'EscrowHeld'),
    );
    await feed(
      { stream: 'giving.escrow-d', type: 'EscrowReleased', metadata: { correlationId: 'command-1' } },
      changed(5, 'giving.escrow-e', 'EscrowReleased'),
    );
    const counted = { changed: 3, events: { EscrowReleased: 3, EscrowHeld: 1 } };
    expect(await getRun(readModels, slotAt(0))).toMatchObject({ ...counted, verdict: 'open' });
    await feed(closed(0, 'completed', null, counted), changed(0, 'giving.wallet-q', 'FundsPosted', '2'));
    expect(await getRun(readModels, slotAt(0))).toMatchObject({ ...counted, verdict: 'completed' });
  });

  it('a refusal is told, and changes no actor', async () => {
    const { readModels, feed } = await openProjection(runs);
    await feed(opened(0), changed(0, 'giving.escrow-a', 'CommandRejected'));
    expect(await getRun(readModels, slotAt(0))).toMatchObject({ events: { CommandRejected: 1 }, changed: 0 });
  });

  it('once closed it stands as the ledger says, whatever comes after', async () => {
    const { readModels, feed } = await openProjection(runs);
    const counted = { changed: 7, events: { EscrowReleased: 7 } };
    await feed(opened(0), closed(0, 'cancelled', 'enough', counted), changed(0, 'giving.escrow-late', 'EscrowReleased'));
    expect(await getRun(readModels, slotAt(0))).toMatchObject({ ...counted, verdict: 'cancelled' });
  });

  it.each([
    [undefined, 'code'],
    ['code, build 42', 'code'],
    ['Lee, Ann', 'Lee, Ann'],
  ])('knows who defined its schedule: by %s is %s', async (by, definedBy) => {
    const { readModels, feed } = await openProjection(runs);
    const define = (type: string, metadata: Fact['metadata'] = {}): Fact => ({
      stream: schedule,
      type,
      data: { activeFrom: start },
      metadata,
    });
    await feed(define('ScheduleDefined', by === undefined ? {} : { by }), opened(0), define('ScheduleChanged', { by: 'bob' }));
    await feed(opened(1));
    expect([(await getRun(readModels, slotAt(0)))?.definedBy, (await getRun(readModels, slotAt(1)))?.definedBy]).toEqual([
      definedBy,
      'bob',
    ]);
  });

  it("the engine's own events of a slot are not what it changed", async () => {
    const { readModels, feed } = await openProjection(runs);
    await feed(
      opened(0),
      changed(0, `engine.run-${slotAt(0)}`, 'RunStarted'),
      changed(0, `engine.item-${job}:giving.escrow-a`, 'ItemParked'),
    );
    expect(await getRun(readModels, slotAt(0))).toMatchObject({ events: {}, changed: 0 });
  });

  it('keeps no name of an actor, open or closed', async () => {
    const { feed, rows } = await openProjection(runs);
    await feed(opened(0), changed(0, 'giving.escrow-a', 'EscrowReleased'));
    const erased: Fact = { stream: 'giving.escrow-a', type: 'StreamErased', metadata: { correlationId: 'marker', causationId: 'erase' } };
    await feed(erased);
    expect(await rows('runs')).toMatchObject([{ changed: 1, verdict: 'open' }]);
    expect(JSON.stringify(await rows('runs'))).not.toContain('escrow-a');
    await feed(closed(0, 'completed', null, { changed: 1, events: { EscrowReleased: 1 } }));
    expect(await rows('runs')).toMatchObject([{ changed: 1, verdict: 'completed', lastActor: null }]);
  });

  it('of a scope keeps key, job and scope apart', async () => {
    const { readModels, feed } = await openProjection(runs);
    const slot = 'baking/watch-cycle/tz1@2026-11-24T12:00Z';
    await feed({
      stream: 'engine.schedule-baking/watch-cycle/tz1',
      type: 'SlotOpened',
      data: { slot, at: noon, cause: 'manual', version: 3, openedAt: noon },
    });
    expect(await getRun(readModels, slot)).toMatchObject({
      key: 'baking/watch-cycle/tz1',
      job: 'baking/watch-cycle',
      scope: 'tz1',
      version: 3,
    });
  });
});

describe('figures', () => {
  it('go over all runs, also over more than a hundred', async () => {
    const { readModels, feed } = await openProjection(runs);
    const verdicts: readonly Verdict[] = ['completed', 'completed', 'failed', 'completed', 'cancelled'];
    for (let nth = 0; nth < 250; nth++) await feed(opened(nth), closed(nth, verdicts[nth % 5]));
    expect(await getStats(readModels, job)).toMatchObject({
      total: 250,
      completed: 150,
      failed: 50,
      cancelled: 50,
      timedOut: 0,
      totalDurationMs: 375_000,
      lastSlot: slotAt(249),
      lastVerdict: 'cancelled',
      failuresInARow: 0,
    });
    expect(await statsOf(readModels, job)).toEqual({
      totalExecutions: 250,
      successfulExecutions: 150,
      failedExecutions: 100,
      successRate: 60,
    });
    const seen: string[] = [];
    for (let before: { openedAt: string; slot: string } | undefined; ; ) {
      const page = await listRuns(readModels, { job, limit: 100, ...(before === undefined ? {} : { before }) });
      seen.push(...page.map((run) => run.slot));
      before = page.at(-1);
      if (page.length < 100) break;
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => slotAt(249 - index)));
    expect((await listRuns(readModels, { verdict: 'failed', limit: 1_000 })).length).toBe(50);
    const both = await listRuns(readModels, { job, verdict: 'failed', limit: 30 });
    expect(both.map((run) => run.verdict)).toEqual(Array.from({ length: 30 }, () => 'failed'));
    expect(await listRuns(readModels, { job: 'no/job', limit: 10 })).toEqual([]);
  });

  it('failures in a row count up to the next success; a cancelled run is neither', async () => {
    const { readModels, feed } = await openProjection(runs);
    const told: unknown[] = [];
    const verdicts: readonly Verdict[] = ['failed', 'timed-out', 'cancelled', 'failed', 'completed'];
    for (const [nth, verdict] of verdicts.entries()) {
      await feed(opened(nth), closed(nth, verdict));
      const stats = await getStats(readModels, job);
      told.push([stats?.failuresInARow, stats?.failingSince, stats?.lastFailureAt, stats?.lastSuccessAt]);
    }
    const end = (nth: number): string => plus(start, nth * hour + 1_550);
    expect(told).toEqual([
      [1, end(0), end(0), null],
      [2, end(0), end(1), null],
      [2, end(0), end(1), null],
      [3, end(0), end(3), null],
      [0, null, end(3), end(4)],
    ]);
  });

  it('skipped stretches are counted and listed, newest first; they are no runs', async () => {
    const { readModels, feed } = await openProjection(runs);
    const skip = (from: number, to: number, reason: string): Fact => ({
      stream: schedule,
      type: 'SlotsSkipped',
      data: { from: plus(start, from * hour), to: plus(start, to * hour), count: to - from + 1, reason },
    });
    await feed(skip(0, 3, 'missed'), skip(5, 5, 'paused'));
    await feed(skip(6, 9, 'nothing-due'));
    expect((await listSkips(readModels, job, 10)).map((row) => [row.count, row.reason])).toEqual([
      [4, 'nothing-due'],
      [1, 'paused'],
      [4, 'missed'],
    ]);
    expect(await listSkips(readModels, job, 1)).toHaveLength(1);
    expect(await getStats(readModels, job)).toMatchObject({ skipped: 9, total: 0 });
  });

  it('the first definition says since when a job is active', async () => {
    const { readModels, feed } = await openProjection(runs);
    await feed({ stream: schedule, type: 'ScheduleDefined', data: { definition: {}, activeFrom: start } });
    await feed({ stream: schedule, type: 'ScheduleDefined', data: { definition: {}, activeFrom: noon } });
    expect(await getStats(readModels, job)).toMatchObject({ activeFrom: start, total: 0, lastVerdict: null });
  });
});

describe('a rebuild', () => {
  const tables = ['runs', 'skips', 'job_stats', 'schedule_definers'];
  const two = { changed: 2, events: { EscrowReleased: 2 } };
  const kept: Fact[] = [
    { stream: schedule, type: 'ScheduleDefined', data: { definition: {}, activeFrom: start } },
    opened(0),
    changed(0, 'giving.escrow-a', 'EscrowReleased'),
    changed(0, 'giving.escrow-b', 'EscrowReleased'),
    closed(0, 'completed', null, two),
    { stream: schedule, type: 'SlotsSkipped', data: { from: slotAt(1), to: slotAt(2), count: 2, reason: 'missed' } },
    opened(3),
    closed(3, 'failed', 'broken'),
    { stream: schedule, type: 'LedgerFolded', data: { state: {} } },
    opened(4),
    changed(4, 'giving.escrow-c', 'EscrowReleased'),
  ];
  const rowsAfter = async (...pages: readonly (readonly Fact[])[]): Promise<unknown[]> => {
    const { feed, rows } = await openProjection(runs);
    for (const page of pages) await feed(...page);
    return Promise.all(tables.map(rows));
  };

  it('gives the same rows, however the log is cut into pages', async () => {
    const whole = await rowsAfter(kept);
    expect(await rowsAfter(...kept.map((fact) => [fact]))).toEqual(whole);
    expect(await rowsAfter(kept.slice(0, 3), kept.slice(3))).toEqual(whole);
  });

  it('tells what an actor that is erased by now had been for a closed run', async () => {
    const marker: Fact = { stream: 'giving.escrow-a', type: 'StreamErased', metadata: { correlationId: 'marker', causationId: 'erase' } };
    const without = kept.filter((fact) => fact.stream !== 'giving.escrow-a');
    expect(await rowsAfter([...without, marker])).toEqual(await rowsAfter([...kept, marker]));
  });

  it('of a folded ledger changes no figure', async () => {
    const { readModels, feed } = await openProjection(runs);
    await feed(...kept.slice(0, 8));
    const before = await getStats(readModels, job);
    await feed(kept[8]!);
    expect(await getStats(readModels, job)).toEqual(before);
  });
});
