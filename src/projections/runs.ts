import type { ScheduleEvent, Verdict } from '../contexts/engine/schedule/events.ts';
import type { RecordedEvent, StreamName } from '../core/event.ts';
import { jobOfKey, keyOfSlot, type SlotId, scopeOfKey } from '../core/ids.ts';
import { defineProjection, type Projection, type Row, type Rows } from '../core/projection.ts';
import { categoryOf, idOf } from '../core/stream.ts';

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
    traceparent,
    lastStream: null,
  });
};

const closed = (event: RecordedEvent, rows: Rows): void => {
  const { slot, verdict, counts, durationMs, message, closedAt } = event.data as Data<'SlotClosed'>;
  const row = rows.get('runs', [slot]);
  if (row !== null)
    rows.put('runs', { ...row, verdict, due: counts.due, parked: counts.parked, durationMs, message, closedAt, lastStream: null });
  const job = jobOfKey(keyOfSlot(slot));
  const stats = rows.get('job_stats', [job]) ?? emptyStats(job);
  const counter = counterOf[verdict];
  const success = verdict === 'completed';
  rows.put('job_stats', {
    ...stats,
    total: Number(stats.total) + 1,
    [counter]: Number(stats[counter]) + 1,
    totalDurationMs: Number(stats.totalDurationMs) + durationMs,
    lastSlot: slot,
    lastVerdict: verdict,
    lastRunAt: closedAt,
    ...(success ? { lastSuccessAt: closedAt, failuresInARow: 0 } : {}),
    ...(verdict === 'failed' || verdict === 'timed-out'
      ? { lastFailureAt: closedAt, failuresInARow: Number(stats.failuresInARow) + 1 }
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

const defined = (event: RecordedEvent, rows: Rows): void => {
  const { activeFrom } = event.data as Data<'ScheduleDefined'>;
  const job = jobOfKey(idOf(event.stream));
  const stats = rows.get('job_stats', [job]) ?? emptyStats(job);
  if (stats.activeFrom === null) rows.put('job_stats', { ...stats, activeFrom });
};

/**
 * Counts what a slot changed: events by type, and actors (an actor changes in one unbroken stretch of a run). What
 * reactors made of it afterwards is not the run's: it has hops. A closed run keeps no actor's name, so that erasing one
 * needs nothing here.
 */
const counted = (event: RecordedEvent, rows: Rows): void => {
  if (event.metadata.hops !== undefined) return;
  const slot = event.metadata.correlationId;
  const row = rows.get('runs', [slot]);
  if (row === null) return;
  const events = row.events as { readonly [type: string]: number };
  rows.put('runs', {
    ...row,
    events: { ...events, [event.type]: (events[event.type] ?? 0) + 1 },
    changed: Number(row.changed) + (row.lastStream === event.stream ? 0 : 1),
    lastStream: event.stream,
  });
};

const handlers: { readonly [type: string]: (event: RecordedEvent, rows: Rows) => void } = {
  SlotOpened: opened,
  SlotClosed: closed,
  SlotsSkipped: skipped,
  ScheduleDefined: defined,
};

const isEngine = (stream: StreamName): boolean => categoryOf(stream).startsWith('engine.');
const isSlot = (text: string): boolean => text.includes('@');

const readsOf = (event: RecordedEvent): readonly { readonly table: string; readonly key: readonly string[] }[] => {
  if (!isEngine(event.stream)) return isSlot(event.metadata.correlationId) ? [{ table: 'runs', key: [event.metadata.correlationId] }] : [];
  if (!(event.type in handlers)) return [];
  const job = { table: 'job_stats', key: [jobOfKey(idOf(event.stream))] };
  const slot = (event.data as { slot?: SlotId }).slot;
  return slot === undefined ? [job] : [job, { table: 'runs', key: [slot] }];
};

const runColumns = {
  slot: 'text',
  key: 'text',
  job: 'text',
  scope: 'text',
  at: 'text',
  cause: 'text',
  by: 'text',
  reason: 'text',
  openedAt: 'text',
  closedAt: 'text',
  verdict: 'text',
  due: 'integer',
  changed: 'integer',
  parked: 'integer',
  events: 'json',
  durationMs: 'integer',
  message: 'text',
  version: 'integer',
  traceparent: 'text',
  lastStream: 'text',
} as const;

/** Every slot with its verdict, every skipped stretch, and figures per job over all of its runs (checklist A5, A6, A9). */
export const runs: Projection = defineProjection({
  name: runsName,
  version: 1,
  tables: [
    { name: 'runs', columns: runColumns, key: ['slot'], indexes: [['openedAt'], ['job', 'openedAt'], ['verdict', 'openedAt']] },
    {
      name: 'skips',
      columns: { key: 'text', job: 'text', from: 'text', to: 'text', count: 'integer', reason: 'text', recordedAt: 'text' },
      key: ['key', 'to'],
      indexes: [['job', 'to']],
    },
    {
      name: 'job_stats',
      columns: {
        job: 'text',
        total: 'integer',
        completed: 'integer',
        failed: 'integer',
        cancelled: 'integer',
        timedOut: 'integer',
        skipped: 'integer',
        totalDurationMs: 'integer',
        lastSlot: 'text',
        lastVerdict: 'text',
        lastRunAt: 'text',
        lastSuccessAt: 'text',
        lastFailureAt: 'text',
        activeFrom: 'text',
        failuresInARow: 'integer',
      },
      key: ['job'],
    },
  ],
  reads: readsOf,
  apply: (event, rows) => {
    if (isEngine(event.stream)) handlers[event.type]?.(event, rows);
    else if (isSlot(event.metadata.correlationId)) counted(event, rows);
  },
});
