import type { RecordedEvent, StreamName } from '../../core/event.ts';
import type { StreamPage, StreamRange } from '../../ports/event-store.ts';
import type { Filter } from '../memory/tail.ts';
import { createDecoder, type Row } from '../sqlite/rows.ts';
import type { Database } from './database.ts';
import type { Kinds } from './kinds.ts';

export type EventReader = {
  stream(name: StreamName, range: StreamRange): Promise<StreamPage>;
  /** Looks at a bounded stretch of the log, however little of it passes the filter. */
  page(
    after: number,
    upTo: number,
    limit: number,
    filter: Filter,
  ): Promise<{ readonly events: readonly RecordedEvent[]; readonly upTo: number }>;
};

/** Positions that one filtered page looks at. */
const stretch = 50_000;
/** Characters in one page: some events are large. */
const pageSize = 16 * 1024 * 1024;
const defaultLimit = 1000;

/** Rows up to a size, one at least: `size` counts what stands before the row. */
const bounded = (rows: string, order: string, columns: string): string =>
  `SELECT ${columns} FROM (SELECT *, sum(length(body)) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - length(body) AS size FROM (${rows}) AS page) AS page
   WHERE size < ${pageSize}`;

const pageSql = (filtered: boolean): string =>
  `${bounded(
    `SELECT position, stream, revision, kind, recorded_at, id, body FROM carillon.events
     WHERE position > $1 AND position <= $2 AND id <> '' ${filtered ? 'AND kind = ANY($4::integer[])' : ''} ORDER BY position LIMIT $3`,
    'position',
    'position, (SELECT name FROM carillon.streams WHERE id = page.stream), revision, kind, recorded_at, id, body',
  )} ORDER BY position`;

const streamSql = (direction: 'ASC' | 'DESC'): string =>
  `SELECT s.erased, (SELECT max(revision) FROM carillon.events WHERE stream = s.id), e.*
   FROM carillon.streams s LEFT JOIN LATERAL (${bounded(
     `SELECT * FROM carillon.events WHERE stream = s.id AND revision ${direction === 'ASC' ? '>=' : '<='} $2 AND id <> ''
      ORDER BY revision ${direction} LIMIT $3`,
     `revision ${direction}`,
     'position, s.name, revision, kind, recorded_at, id, body',
   )}) AS e ON true WHERE s.name = $1 ORDER BY e.revision ${direction}`;

const statements = { all: pageSql(false), filtered: pageSql(true), forwards: streamSql('ASC'), backwards: streamSql('DESC') } as const;
const lastRevision = 2_147_483_647;

type StreamRow = readonly [erased: boolean, head: number | null, ...event: Row | readonly [null, ...unknown[]]];

/** Reads streams and the log. */
export const createEventReader = (database: Database, kinds: Kinds): EventReader => {
  const decodeKnown = createDecoder(kinds);
  /** Others may have interned a kind since. */
  const decode = async (rows: readonly Row[]): Promise<RecordedEvent[]> => {
    if (rows.some((row) => !kinds.knows(row[3]))) await kinds.reload();
    return decodeKnown(rows);
  };

  return {
    async stream(name, { from, backwards = false, limit = defaultLimit }) {
      const start = Math.min(from ?? (backwards ? lastRevision : 0), lastRevision);
      const sql = backwards ? statements.backwards : statements.forwards;
      const rows = await database.tuples<StreamRow>(sql, [name, start, limit]);
      const [first] = rows;
      if (first === undefined || first[1] === null) return { events: [], head: 'no-stream' };
      if (first[0]) return { events: [], head: 'erased' };
      const events = rows.flatMap(([, , ...event]) => (event[0] === null ? [] : [event as unknown as Row]));
      return { events: await decode(events), head: first[1] };
    },
    async page(after, upTo, limit, filter) {
      const wanted = kinds.wanted(filter);
      const end = wanted === null ? upTo : Math.min(upTo, after + stretch);
      const values = [after, end, limit];
      const rows =
        wanted === null
          ? await database.tuples<Row>(statements.all, values)
          : await database.tuples<Row>(statements.filtered, [...values, wanted]);
      const size = rows.reduce((sum, row) => sum + row[6].length, 0);
      const last = rows.at(-1);
      const cut = rows.length === limit || size >= pageSize;
      return { events: await decode(rows), upTo: last && cut ? last[0] : end };
    },
  };
};
