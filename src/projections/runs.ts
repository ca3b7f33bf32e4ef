import type { ScheduleEvent } from '../contexts/engine/schedule/events.ts';
import { commandRejected, type RecordedEvent, type StreamName } from '../core/event.ts';
import { derivedId, jobOfKey, keyOfSlot, type SlotId, scopeOfKey } from '../core/ids.ts';
import { defineProjection, type Projection, type Rows } from '../core/projection.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import { runTables } from './run-tables.ts';

export const runsName = 'runs';

type Data<T extends ScheduleEvent['type']> = Extract<ScheduleEvent, { type: T }>['data'];

/** The rows of one chapter of a ledger, which go together. */
const chapterOf = (key: string, chapter: number): string => `${key}#${chapter}`;

const opened = (event: RecordedEvent, rows: Rows): void => {
  const { slot, at, cause, version, definedBy, chapter, openedAt } = event.data as Data<'SlotOpened'>;
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
    definedBy,
    chapter: chapterOf(key, chapter),
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
};

const skipped = (event: RecordedEvent, rows: Rows): void => {
  const { from, to, count, reason, chapter } = event.data as Data<'SlotsSkipped'>;
  const key = idOf(event.stream);
  rows.put('skips', { key, job: jobOfKey(key), from, to, count, reason, recordedAt: event.recordedAt, chapter: chapterOf(key, chapter) });
};

const trimmed = (event: RecordedEvent, rows: Rows): void => {
  for (const chapter of (event.data as Data<'LedgerTrimmed'>).chapters)
    for (const table of ['runs', 'skips']) rows.removeWhere(table, 'chapter', chapterOf(idOf(event.stream), chapter));
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

const handlers: { readonly [type: string]: (event: RecordedEvent, rows: Rows) => void } = {
  SlotOpened: opened,
  SlotClosed: closed,
  SlotsSkipped: skipped,
  LedgerTrimmed: trimmed,
};

const isEngine = (stream: StreamName): boolean => categoryOf(stream).startsWith('engine.');
const isSlot = (text: string): boolean => text.includes('@');

const readsOf = (event: RecordedEvent): readonly { readonly table: string; readonly key: readonly string[] }[] => {
  if (!isEngine(event.stream)) return isSlot(event.metadata.correlationId) ? [{ table: 'runs', key: [event.metadata.correlationId] }] : [];
  if (event.type !== 'SlotOpened' && event.type !== 'SlotClosed') return [];
  return [{ table: 'runs', key: [(event.data as { slot: SlotId }).slot] }];
};

/** Every slot with its verdict and every skipped stretch (checklist A5, A9), as far back as the ledgers are kept. */
export const runs: Projection = defineProjection({
  name: runsName,
  version: 3,
  tables: runTables,
  reads: readsOf,
  apply: (event, rows) => {
    if (isEngine(event.stream)) handlers[event.type]?.(event, rows);
    else if (isSlot(event.metadata.correlationId)) counted(event, rows);
  },
});
