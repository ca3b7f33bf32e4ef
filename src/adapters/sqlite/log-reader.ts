import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { RecordedEvent, StreamName } from '../../core/event.ts';
import type { StreamPage, StreamRange } from '../../ports/event-store.ts';
import type { Filter } from '../memory/tail.ts';
import type { EventIndex } from './event-index.ts';
import type { Kinds } from './kinds.ts';
import type { Ring } from './ring.ts';
import { columns, createDecoder, type Row, streamsJoin } from './rows.ts';
import type { StreamDirectory } from './stream-directory.ts';

export type LogReader = {
  stream(name: StreamName, range: StreamRange): StreamPage;
  /** Looks at a bounded stretch of the log, however little of it passes the filter. */
  page(after: number, upTo: number, limit: number, filter: Filter): { readonly events: readonly RecordedEvent[]; readonly upTo: number };
};

/** Positions that one filtered page looks at, so that a rare event type does not hold the process up. */
const stretch = 10_000;
/** Bytes of text in one page: some events are large. */
const pageBytes = 16 * 1024 * 1024;
const defaultLimit = 1000;
const maxStatements = 64;

/** Rows up to a number of bytes; always one at least. */
const take = (rows: Iterable<unknown>): { rows: Row[]; cut: boolean } => {
  const taken: Row[] = [];
  let bytes = 0;
  for (const row of rows as Iterable<Row>) {
    if (bytes > pageBytes) return { rows: taken, cut: true };
    taken.push(row);
    bytes += row[6].length;
  }
  return { rows: taken, cut: false };
};

const prepareStream = (db: DatabaseSync, direction: 'ASC' | 'DESC'): StatementSync => {
  const compare = direction === 'ASC' ? '>=' : '<=';
  const statement = db.prepare(`
    SELECT ${columns} FROM event_index i JOIN events e ON e.position = i.position ${streamsJoin}
    WHERE i.stream = ? AND i.position <= ? AND i.revision ${compare} ? ORDER BY i.revision ${direction} LIMIT ?`);
  statement.setReturnArrays(true);
  return statement;
};

export type ReaderParts = { readonly kinds: Kinds; readonly index: EventIndex; readonly directory: StreamDirectory; readonly ring: Ring };

/** Reads streams and the log. */
export const createLogReader = (db: DatabaseSync, { kinds, index, directory, ring }: ReaderParts): LogReader => {
  const decode = createDecoder(kinds);
  const forwards = prepareStream(db, 'ASC');
  const backwards = prepareStream(db, 'DESC');
  const single = db.prepare(`SELECT ${columns} FROM events e ${streamsJoin} WHERE e.position = ?`);
  single.setReturnArrays(true);
  const statements = new Map<string, StatementSync>();

  /** Kinds stand in the text, not as parameters: their number differs. */
  const statementFor = (wanted: readonly number[] | null): StatementSync => {
    const condition = wanted === null ? '' : `AND e.kind IN (${wanted.join(',')})`;
    const known = statements.get(condition);
    if (known) return known;
    const statement = db.prepare(
      `SELECT ${columns} FROM events e ${streamsJoin} WHERE e.position > ? AND e.position <= ? ${condition} ORDER BY e.position LIMIT ?`,
    );
    statement.setReturnArrays(true);
    if (statements.size >= maxStatements) statements.clear();
    statements.set(condition, statement);
    return statement;
  };
  const eventAt = (position: number): RecordedEvent[] => {
    const held = ring.at(position);
    if (held) return [held];
    const row = single.get(position) as unknown as Row | undefined;
    return row ? decode([row]) : [];
  };
  const readForwards = (stream: number, from: number, limit: number): RecordedEvent[] => {
    const { rows, cut } = take(forwards.iterate(stream, index.upTo, from, limit));
    const events = decode(rows);
    if (cut || events.length === limit) return events;
    const recent = index.recent(stream).filter((place) => place.rank >= from);
    return events.concat(recent.slice(0, limit - events.length).flatMap((place) => eventAt(place.mark)));
  };
  const readBackwards = (stream: number, from: number, limit: number): RecordedEvent[] => {
    const recent = index.recent(stream).filter((place) => place.rank <= from);
    const events = recent
      .reverse()
      .slice(0, limit)
      .flatMap((place) => eventAt(place.mark));
    return events.length === limit
      ? events
      : events.concat(decode(take(backwards.iterate(stream, index.upTo, from, limit - events.length)).rows));
  };

  return {
    stream(name, { from, backwards: back, limit = defaultLimit }) {
      const head = directory.find(name);
      if (!head) return { events: [], head: 'no-stream' };
      if (head.erased) return { events: [], head: 'erased' };
      const events = back ? readBackwards(head.id, from ?? head.revision, limit) : readForwards(head.id, from ?? 0, limit);
      return { events, head: head.revision };
    },
    page(after, upTo, limit, filter) {
      const wanted = kinds.wanted(filter);
      const end = wanted === null ? upTo : Math.min(upTo, after + stretch);
      const { rows, cut } = take(statementFor(wanted).iterate(after, end, limit));
      const last = rows.at(-1);
      return { events: decode(rows), upTo: last && (cut || rows.length === limit) ? last[0] : end };
    },
  };
};
