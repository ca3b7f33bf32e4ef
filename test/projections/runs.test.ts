import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/contexts/engine/schedule/events.ts';
import { instant, plus } from '../../src/core/instant.ts';
import { getRun, listRuns, listSkips } from '../../src/projections/run-queries.ts';
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
    data: { slot: slotAt(nth), at, cause: 'schedule', version: 1, definedBy: 'ann', chapter: nth < 100 ? 0 : 1, openedAt: plus(at, 50) },
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
      data: { slot, at: noon, cause: 'manual', version: 3, definedBy: 'bob', chapter: 0, openedAt: noon },
    });
    expect(await getRun(readModels, slot)).toMatchObject({
      key: 'baking/watch-cycle/tz1',
      job: 'baking/watch-cycle',
      scope: 'tz1',
      version: 3,
      definedBy: 'bob',
    });
  });
});

describe('lists', () => {
  it('go over all runs, newest first, page by page, of a job and of a verdict', async () => {
    const { readModels, feed } = await openProjection(runs);
    const verdicts: readonly Verdict[] = ['completed', 'completed', 'failed', 'completed', 'cancelled'];
    for (let nth = 0; nth < 250; nth++) await feed(opened(nth), closed(nth, verdicts[nth % 5]));
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

  it('skipped stretches are listed, newest first; they are no runs', async () => {
    const { readModels, feed } = await openProjection(runs);
    const skip = (from: number, to: number, reason: string): Fact => ({
      stream: schedule,
      type: 'SlotsSkipped',
      data: { from: plus(start, from * hour), to: plus(start, to * hour), count: to - from + 1, reason, chapter: 0 },
    });
    await feed(skip(0, 3, 'missed'), skip(5, 5, 'paused'));
    await feed(skip(6, 9, 'nothing-due'));
    expect((await listSkips(readModels, job, 10)).map((row) => [row.count, row.reason])).toEqual([
      [4, 'nothing-due'],
      [1, 'paused'],
      [4, 'missed'],
    ]);
    expect(await listSkips(readModels, job, 1)).toHaveLength(1);
    expect(await listRuns(readModels, { limit: 9 })).toEqual([]);
  });

  it('lose the chapters of a ledger that are trimmed, whether their events are still there or not', async () => {
    const skip: Fact = { stream: schedule, type: 'SlotsSkipped', data: { from: start, to: start, count: 1, reason: 'missed', chapter: 0 } };
    const old = [skip, opened(0), closed(0), opened(1), closed(1)];
    const rest: Fact[] = [
      { stream: schedule, type: 'LedgerFolded', data: { state: {} } },
      opened(100),
      { stream: schedule, type: 'LedgerTrimmed', data: { chapters: [0] } },
    ];
    const rowsOf = async (...pages: readonly (readonly Fact[])[]) => {
      const { feed, rows } = await openProjection(runs);
      for (const page of pages) await feed(...page);
      return { runs: await rows('runs'), skips: await rows('skips') };
    };
    const live = await rowsOf(old, rest);
    expect(live).toMatchObject({ runs: [{ slot: slotAt(100) }], skips: [] });
    expect(await rowsOf([...old, ...rest])).toEqual(live);
    expect(await rowsOf(rest)).toEqual(live);
  });
});

describe('a rebuild', () => {
  const tables = ['runs', 'skips'];
  const two = { changed: 2, events: { EscrowReleased: 2 } };
  const kept: Fact[] = [
    { stream: schedule, type: 'ScheduleDefined', data: { definition: {}, activeFrom: start } },
    opened(0),
    changed(0, 'giving.escrow-a', 'EscrowReleased'),
    changed(0, 'giving.escrow-b', 'EscrowReleased'),
    closed(0, 'completed', null, two),
    { stream: schedule, type: 'SlotsSkipped', data: { from: slotAt(1), to: slotAt(2), count: 2, reason: 'missed', chapter: 0 } },
    opened(3),
    closed(3, 'failed', 'broken'),
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
});
