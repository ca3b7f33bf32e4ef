import type { ScheduleEvent, Verdict } from '../contexts/engine/schedule/events.ts';
import { commandRejected, type RecordedEvent, type StreamName } from '../core/event.ts';
import { derivedId, jobOfKey, keyOfSlot, type SlotId, scopeOfKey } from '../core/ids.ts';
import { defineProjection, type Projection, type Row, type Rows } from '../core/projection.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import { runTables } from './run-tables.ts';

export const runsName = 'runs';

type Data<T extends ScheduleEvent['type']> = Extract<ScheduleEvent, { type: T }>['data'];

const emptyStats = (job: string): Row => ({
  job,
  total: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  timedOut: 0,
  skipped: 0,
  totalDurationMs: 0,
  lastSlot: null,
  lastVerdict: null,
  lastRunAt: null,
  lastSuccessAt: null,
  lastFailureAt: null,
  failingSince: null,
  activeFrom: null,
  failuresInARow: 0,
});

const counterOf: { readonly [verdict in Verdict]: string } = {
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  'timed-out': 'timedOut',
};

const opened = (event: RecordedEvent, rows: Rows): void => {
  const { slot, at, cause, version, openedAt } = event.data as Data<'SlotOpened'>;
  const key = keyOfSlot(slot);
  const { by = null, reason = null, traceparent = null } = event.metadata;
  rows.put('runs', {
    slot,
    key,
    job: jobOfKey(key),
    scope: scopeOfKey(key),
    at,
    cause,
    by,
    reason,
    openedAt,
    closedAt: null,
    verdict: 'open',
    due: 0,
    changed: 0,
    parked: 0,
    events: {},
    durationMs: null,
    message: null,
    version,
    definedBy: rows.get('schedule_definers', [key])?.definedBy ?? null,
    traceparent,
    lastActor: null,
  });
};

/** The counts are those of the ledger, which the row had when the slot was closed: a rebuild after an erasure still tells them. */
const closed = (event: RecordedEvent, rows: Rows): void => {
  const data = event.data as Data<'SlotClosed'>;
  const { slot, verdict, durationMs, message, closedAt } = data;
  const { due, changed, parked, events } = data.counts;
  const row = rows.get('runs', [slot]);
  if (row !== null) rows.put('runs', { ...row, due, changed, parked, events, verdict, durationMs, message, closedAt, lastActor: null });
  added(data, rows);
};

/** One more run in the figures of its job. */
const added = ({ slot, verdict, durationMs, closedAt }: Data<'SlotClosed'>, rows: Rows): void => {
  const job = jobOfKey(keyOfSlot(slot));
  const stats = rows.get('job_stats', [job]) ?? emptyStats(job);
  const counter = counterOf[verdict];
  const success = verdict === 'completed';
  const failure = verdict === 'failed' || verdict === 'timed-out';
  rows.put('job_stats', {
    ...stats,
    total: Number(stats.total) + 1,
    [counter]: Number(stats[counter]) + 1,
    totalDurationMs: Number(stats.totalDurationMs) + durationMs,
    lastSlot: slot,
    lastVerdict: verdict,
    lastRunAt: closedAt,
    ...(success ? { lastSuccessAt: closedAt, failingSince: null, failuresInARow: 0 } : {}),
    ...(failure
      ? { lastFailureAt: closedAt, failingSince: stats.failingSince ?? closedAt, failuresInARow: Number(stats.failuresInARow) + 1 }
      : {}),
  });
};

const skipped = (event: RecordedEvent, rows: Rows): void => {
  const { from, to, count, reason } = event.data as Data<'SlotsSkipped'>;
  const key = idOf(event.stream);
  const job = jobOfKey(key);
  rows.put('skips', { key, job, from, to, count, reason, recordedAt: event.recordedAt });
  const stats = rows.get('job_stats', [job]) ?? emptyStats(job);
  rows.put('job_stats', { ...stats, skipped: Number(stats.skipped) + count });
};

const byCode = /^code, build \d+$/;

const changed = (event: RecordedEvent, rows: Rows): void => {
  const { by = 'code' } = event.metadata;
  rows.put('schedule_definers', { key: idOf(event.stream), definedBy: byCode.test(by) ? 'code' : by });
};

const defined = (event: RecordedEvent, rows: Rows): void => {
  changed(event, rows);
  const { activeFrom } = event.data as Data<'ScheduleDefined'>;
  const job = jobOfKey(idOf(event.stream));
  const stats = rows.get('job_stats', [job]) ?? emptyStats(job);
  if (stats.activeFrom === null) rows.put('job_stats', { ...stats, activeFrom });
};

/**
 * Counts what an open slot changes: events by type, and actors (an actor changes in one unbroken stretch of a run; a
 * refusal changes none). What reactors made of it afterwards is not the run's: it has hops. A closed run has its counts.
 */
const counted = (event: RecordedEvent, rows: Rows): void => {
  if (event.metadata.hops !== undefined) return;
  const row = rows.get('runs', [event.metadata.correlationId]);
  if (row?.verdict !== 'open') return;
  const events = row.events as { readonly [type: string]: number };
  const next = { ...row, events: { ...events, [event.type]: (events[event.type] ?? 0) + 1 } };
  const actor = derivedId(event.stream);
  const same = event.type === commandRejected || row.lastActor === actor;
  rows.put('runs', same ? next : { ...next, changed: Number(row.changed) + 1, lastActor: actor });
};

/** A ledger whose beginning was trimmed is met at a fold: its totals stand for the verdicts that are gone. */
const folded = (event: RecordedEvent, rows: Rows): void => {
  const key = idOf(event.stream);
  if (rows.get('schedule_definers', [key]) !== null) return;
  rows.put('schedule_definers', { key, definedBy: 'code' });
  const { totals, activeFrom, last } = (event.data as Data<'LedgerFolded'>).state;
  const job = jobOfKey(key);
  const stats = rows.get('job_stats', [job]) ?? emptyStats(job);
  const plus = (column: string, count: number): number => Number(stats[column]) + count;
  const runs = totals.completed + totals.failed + totals.cancelled + totals['timed-out'];
  rows.put('job_stats', {
    ...stats,
    total: plus('total', runs),
    completed: plus('completed', totals.completed),
    failed: plus('failed', totals.failed),
    cancelled: plus('cancelled', totals.cancelled),
    timedOut: plus('timedOut', totals['timed-out']),
    skipped: plus('skipped', totals.skipped),
    totalDurationMs: plus('totalDurationMs', totals.durationMs),
    activeFrom: stats.activeFrom ?? activeFrom,
    lastSlot: last?.slot ?? null,
    lastVerdict: last?.verdict ?? null,
    lastRunAt: last?.closedAt ?? null,
    lastSuccessAt: last?.verdict === 'completed' ? last.closedAt : null,
  });
};

const handlers: { readonly [type: string]: (event: RecordedEvent, rows: Rows) => void } = {
  SlotOpened: opened,
  SlotClosed: closed,
  SlotsSkipped: skipped,
  ScheduleDefined: defined,
  ScheduleChanged: changed,
  LedgerFolded: folded,
};

const isEngine = (stream: StreamName): boolean => categoryOf(stream).startsWith('engine.');
const isSlot = (text: string): boolean => text.includes('@');

const readsOf = (event: RecordedEvent): readonly { readonly table: string; readonly key: readonly string[] }[] => {
  if (!isEngine(event.stream)) return isSlot(event.metadata.correlationId) ? [{ table: 'runs', key: [event.metadata.correlationId] }] : [];
  if (!(event.type in handlers)) return [];
  const key = idOf(event.stream);
  const own = [
    { table: 'job_stats', key: [jobOfKey(key)] },
    { table: 'schedule_definers', key: [key] },
  ];
  const slot = (event.data as { slot?: SlotId }).slot;
  return slot === undefined ? own : [...own, { table: 'runs', key: [slot] }];
};

/** Every slot with its verdict, every skipped stretch, and figures per job over all of its runs (checklist A5, A6, A9). */
export const runs: Projection = defineProjection({
  name: runsName,
  version: 2,
  tables: runTables,
  reads: readsOf,
  apply: (event, rows) => {
    if (isEngine(event.stream)) handlers[event.type]?.(event, rows);
    else if (isSlot(event.metadata.correlationId)) counted(event, rows);
  },
});
