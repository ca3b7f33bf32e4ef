import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CarillonError } from '../../core/errors.ts';
import { type NewEvent, type StreamName, streamErased } from '../../core/event.ts';
import { derivedId } from '../../core/ids.ts';
import { toMs } from '../../core/instant.ts';
import { categoryOf } from '../../core/stream.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AppendItem, AppendResult, Expected } from '../../ports/event-store.ts';
import { positionOf } from '../memory/position.ts';
import { blanked } from './blanks.ts';
import { createBulkInsert } from './bulk-insert.ts';
import { transaction } from './database.ts';
import type { EventIndex } from './event-index.ts';
import type { Kinds } from './kinds.ts';
import type { Ring, Slot } from './ring.ts';
import type { StreamDirectory, StreamHead } from './stream-directory.ts';

/** An item whose events are text already: what cannot be written is refused before the transaction. */
export type PreparedItem = { readonly stream: StreamName; readonly expected: Expected; readonly events: readonly PreparedEvent[] };
type PreparedEvent = { readonly event: NewEvent; readonly body: string };

export type WriterStats = { commits: number; events: number; repeats: number; conflicts: number };

export type EventWriter = {
  readonly stats: WriterStats;
  head(): number;
  /** One transaction for all of it. Throws when nothing of it was written. */
  commit(groups: readonly (readonly PreparedItem[])[]): AppendResult[][];
  truncate(stream: StreamName, before: number): void;
  erase(stream: StreamName): void;
};

const prepareEvent = (event: NewEvent): PreparedEvent => {
  const data = JSON.stringify(event.data);
  if (data === undefined) throw new CarillonError('bad-request', `The data of ${event.type} is not JSON`);
  return { event, body: `[${data},${JSON.stringify(event.metadata)}]` };
};

/** Checks an item and turns its events into text. Throws `bad-request`. */
export const prepareItem = ({ stream, events, expected }: AppendItem): PreparedItem => {
  if (events.length === 0) throw new CarillonError('bad-request', `Nothing to append to ${stream}`);
  if (expected !== 'no-stream' && !(Number.isSafeInteger(expected) && expected >= 0))
    throw new CarillonError('bad-request', `Revision ${expected} cannot be expected`);
  return { stream, expected, events: events.map(prepareEvent) };
};

const placesBefore = 'SELECT position FROM event_index WHERE stream = ? AND revision < ?';

const prepareStatements = (db: DatabaseSync) => ({
  idAt: db.prepare('SELECT id FROM events WHERE position = ?'),
  last: db.prepare('SELECT max(position) AS position FROM events'),
  blank: db.prepare(`UPDATE events SET ${blanked('id')}, ${blanked('body')} WHERE position IN (${placesBefore})`),
  empty: db.prepare(`UPDATE events SET id = '', body = '' WHERE position IN (${placesBefore})`),
  removePlaces: db.prepare('DELETE FROM event_index WHERE stream = ? AND revision < ?'),
  close: db.prepare('UPDATE streams SET erased = 1 WHERE id = ?'),
});

/** Index entries written along with each event: more than one, so that indexing catches up. */
const indexPerEvent = 2;

export type WriterParts = {
  readonly clock: Clock;
  readonly kinds: Kinds;
  readonly index: EventIndex;
  readonly directory: StreamDirectory;
  readonly ring: Ring;
};

/** Decides and writes, one transaction at a time; the only place that changes the store. */
export const createEventWriter = (db: DatabaseSync, { clock, kinds, index, directory, ring }: WriterParts): EventWriter => {
  const sql = prepareStatements(db);
  const rows = createBulkInsert(db, 'INSERT INTO events (position, stream, revision, kind, recorded_at, id, body)', 7);
  const stats: WriterStats = { commits: 0, events: 0, repeats: 0, conflicts: 0 };
  let head = 0;
  let fresh: Slot[] = [];
  let recordedAt = clock.now();
  let recordedMs = 0;

  const reload = (): void => {
    rows.clear();
    kinds.reload();
    index.reload();
    directory.reload();
    head = Number(sql.last.get()?.position ?? 0);
  };

  /** Does `work` in one transaction and puts its events into the ring. After a failure what is in memory is read again. */
  const write = <T>(work: () => T): T => {
    fresh = [];
    recordedAt = clock.now();
    recordedMs = toMs(recordedAt);
    const before = { ...stats };
    try {
      const result = transaction(db, () => {
        const value = work();
        rows.flush();
        directory.flush();
        index.step(fresh.length * indexPerEvent);
        directory.step(fresh.length * indexPerEvent);
        return value;
      });
      stats.commits++;
      stats.events += fresh.length;
      const first = head - fresh.length + 1;
      for (const [offset, slot] of fresh.entries()) ring.push(first + offset, slot);
      return result;
    } catch (error) {
      Object.assign(stats, before);
      if (db.isOpen) reload();
      throw error;
    }
  };

  const add = (stream: StreamHead, category: string, { event, body }: PreparedEvent): void => {
    const revision = stream.revision + 1;
    rows.add(head + 1, stream.id, revision, kinds.intern(category, event.type), recordedMs, event.id, body);
    stream.revision = revision;
    head++;
    index.add(stream.id, revision, head);
    const recorded = {
      type: event.type,
      data: event.data,
      id: event.id,
      metadata: event.metadata,
      stream: stream.name,
      revision,
      position: positionOf(head),
      recordedAt,
    };
    fresh.push({ event: recorded, size: body.length });
  };

  /** The item's events are there already when the same ids follow the expected revision: a repeat. */
  const findRepeat = (stream: StreamHead, { events, expected }: PreparedItem): AppendResult | null => {
    const first = expected === 'no-stream' ? 0 : expected + 1;
    const revision = first + events.length - 1;
    if (revision > stream.revision) return null;
    rows.flush();
    const positions = index.positions(stream.id, first, revision);
    const same =
      positions.length === events.length && events.every(({ event }, offset) => sql.idAt.get(positions[offset] ?? 0)?.id === event.id);
    return same ? { ok: true, revision, position: positionOf(positions.at(-1) ?? 0) } : null;
  };

  const append = (item: PreparedItem): AppendResult => {
    const stream = directory.find(item.stream);
    if (stream?.erased) return { ok: false, actual: 'erased' };
    if ((stream ? stream.revision : 'no-stream') !== item.expected) {
      const repeat = stream && findRepeat(stream, item);
      if (repeat) stats.repeats++;
      else stats.conflicts++;
      return repeat ?? { ok: false, actual: stream?.revision ?? 'no-stream' };
    }
    const target = stream ?? directory.create(item.stream);
    const category = categoryOf(item.stream);
    for (const event of item.events) add(target, category, event);
    return { ok: true, revision: target.revision, position: positionOf(head) };
  };

  const marker = (stream: StreamName): PreparedEvent => {
    const id = derivedId('erase', stream);
    const metadata = { correlationId: id, causationId: 'erase', asOf: recordedAt, rule: 'erased', schema: '1' };
    return prepareEvent({ type: streamErased, data: {}, id, metadata });
  };

  /** Inside a transaction. Rows stay, without content: see blanks.ts. */
  const remove = (stream: StreamHead, before: number, content: StatementSync): void => {
    index.finish();
    directory.flush();
    content.run(stream.id, before);
    sql.removePlaces.run(stream.id, before);
  };

  reload();
  return {
    stats,
    head: () => head,
    commit: (groups) => write(() => groups.map((items) => items.map(append))),
    truncate(name, before) {
      const stream = directory.find(name);
      if (!stream || stream.erased) return;
      // The newest event stays whatever `before` says: the stream's revision and the log's head are read from it.
      const end = Math.min(before, stream.revision);
      write(() => remove(stream, end, sql.empty));
      ring.drop(name, end);
    },
    erase(name) {
      if (directory.find(name)?.erased) return;
      write(() => {
        const stream = directory.find(name) ?? directory.create(name);
        remove(stream, stream.revision + 1, sql.blank);
        sql.close.run(stream.id);
        add(stream, categoryOf(name), marker(name));
        stream.erased = true;
      });
      // All but the marker.
      ring.drop(name, directory.find(name)?.revision ?? 0);
    },
  };
};
