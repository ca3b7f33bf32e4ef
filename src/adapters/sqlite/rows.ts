import { CarillonError } from '../../core/errors.ts';
import type { Metadata, RecordedEvent, StreamName } from '../../core/event.ts';
import { fromMs, type Instant } from '../../core/instant.ts';
import type { Json } from '../../core/json.ts';
import { positionOf } from '../memory/position.ts';
import { isBlank } from './blanks.ts';
import type { Kinds } from './kinds.ts';

/** What is read of an event, in the order of `Row`; the tables are called `e` (events) and `s` (streams). */
export const columns = 'e.position, s.name, e.revision, e.kind, e.recorded_at, e.id, e.body';
/** A stream without a name must not hide its events: it is damage. */
export const streamsJoin = 'LEFT JOIN streams s ON s.id = e.stream';
export type Row = readonly [
  position: number,
  stream: StreamName | null,
  revision: number,
  kind: number,
  recordedAt: number,
  id: string,
  body: string,
];
type Body = readonly [data: Json, metadata: Metadata];

/** Longest text that is parsed at once. */
const chunkLength = 1 << 20;

const nameless = (row: Row): never => {
  throw new CarillonError('store-corrupt', `The event at position ${row[0]} belongs to a stream without a name`, { position: row[0] });
};

const isBody = (value: unknown): value is Body => Array.isArray(value) && value.length === 2;

const parseRow = (row: Row): Body => {
  try {
    const body: unknown = JSON.parse(row[6]);
    if (isBody(body)) return body;
  } catch {
    // Told below.
  }
  throw new CarillonError('store-corrupt', `The event at position ${row[0]} is not readable`, { position: row[0] });
};

/** The bodies of the rows from `start`, and where the chunk ends. One parse of many rows is a third faster than many parses. */
const parseChunk = (rows: readonly Row[], start: number): { bodies: readonly Body[]; end: number } => {
  let text = '[';
  let end = start;
  while (end < rows.length && text.length < chunkLength) text += (end === start ? '' : ',') + (rows[end++] as Row)[6];
  try {
    const bodies = JSON.parse(`${text}]`) as unknown[];
    if (bodies.length === end - start && bodies.every(isBody)) return { bodies, end };
  } catch {
    // One of them is broken; row by row it is found and named.
  }
  return { bodies: rows.slice(start, end).map(parseRow), end };
};

/** Makes events of rows, leaving out what is left of removed ones. Throws `store-corrupt`, naming the position. */
export const createDecoder = (kinds: Kinds): ((rows: readonly Row[]) => RecordedEvent[]) => {
  // Events that were committed together share their instant.
  let lastMs = Number.NaN;
  let lastInstant = '' as Instant;
  const instantOf = (ms: number): Instant => {
    if (ms !== lastMs) {
      lastInstant = fromMs(ms);
      lastMs = ms;
    }
    return lastInstant;
  };
  return (all) => {
    const rows = all.some((row) => isBlank(row[6])) ? all.filter((row) => !isBlank(row[6])) : all;
    const events: RecordedEvent[] = [];
    for (let start = 0; start < rows.length; ) {
      const { bodies, end } = parseChunk(rows, start);
      for (let index = start; index < end; index++) {
        const row = rows[index] as Row;
        const [data, metadata] = bodies[index - start] as Body;
        events.push({
          type: kinds.typeOf(row[3]),
          data,
          id: row[5],
          metadata,
          stream: row[1] ?? nameless(row),
          revision: row[2],
          position: positionOf(row[0]),
          recordedAt: instantOf(row[4]),
        });
      }
      start = end;
    }
    return events;
  };
};
