import { CarillonError } from '../../core/errors.ts';
import { type StreamName, streamErased } from '../../core/event.ts';
import { derivedId } from '../../core/ids.ts';
import { toMs } from '../../core/instant.ts';
import { categoryOf } from '../../core/stream.ts';
import type { Clock } from '../../ports/clock.ts';
import { holdPositions } from './advisory.ts';
import { oldestStatementMs } from './connection.ts';
import type { Database } from './database.ts';
import type { Kinds } from './kinds.ts';
import { prepareEvent } from './prepared-item.ts';
import type { Queries } from './queries.ts';

export type EventRemoval = {
  truncate(stream: StreamName, before: number): Promise<void>;
  /** False when it was erased before. */
  erase(stream: StreamName): Promise<boolean>;
};

const serverMs = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/**
 * Content goes at once, the rows later: an append whose statement began before a removal still sees the old events, and only
 * the unique key stops it from writing one of their revisions again. Once no such statement can be running, the rows go, too.
 */
const blankSql = `UPDATE carillon.events SET id = '', body = '', recorded_at = ${serverMs} WHERE stream = $1 AND revision < $2 AND id <> ''`;
const rowsKeptMs = 10 * oldestStatementMs;
const dropSql = `DELETE FROM carillon.events WHERE stream = $1 AND revision < $2 AND id = '' AND recorded_at < ${serverMs} - ${rowsKeptMs}`;

const markSql = `
WITH held AS MATERIALIZED (${holdPositions}), newest AS (SELECT coalesce(max(revision), -1) AS revision FROM carillon.events WHERE stream = $1)
INSERT INTO carillon.events (position, stream, revision, kind, recorded_at, id, body)
SELECT nextval('carillon.positions'), $1, newest.revision + 1, $2, $3, $4, $5 FROM held CROSS JOIN newest
ON CONFLICT (stream, revision) DO NOTHING RETURNING revision`;

/** Appends that are in flight may take the marker's place, each once. */
const tries = 100;

/** Removes events: all of a stream for good, or those before a revision. */
export const createEventRemoval = (database: Database, kinds: Kinds, clock: Clock): EventRemoval => {
  const mark = async ({ query }: Queries, id: number, name: StreamName): Promise<number> => {
    const asOf = clock.now();
    const cause = derivedId('erase', name);
    const metadata = { correlationId: cause, causationId: 'erase', asOf, rule: 'erased', schema: '1' } as const;
    const event = prepareEvent({ type: streamErased, data: {}, id: cause, metadata });
    const kind = kinds.intern(categoryOf(name), streamErased);
    for (let attempt = 0; attempt < tries; attempt++) {
      const [row] = await query<{ revision: number }>(markSql, [id, kind, toMs(asOf), cause, event.body]);
      if (row) return row.revision;
    }
    throw new CarillonError('conflict-exhausted', `${name} could not be erased: appends to it kept coming`);
  };

  return {
    async truncate(name, before) {
      const [stream] = await database.query<{ id: number; head: number }>(
        `SELECT id, (SELECT max(revision) FROM carillon.events WHERE stream = s.id) AS head FROM carillon.streams s WHERE name = $1 AND NOT erased`,
        [name],
      );
      if (!stream) return;
      // The newest event stays whatever `before` says: the stream's revision and the log's head are read from it.
      const end = Math.min(before, stream.head);
      await database.run(blankSql, [stream.id, end]);
      await database.run(dropSql, [stream.id, end]);
    },
    async erase(name) {
      await kinds.ensure([[categoryOf(name), streamErased]]);
      return database.transaction(async (queries) => {
        await queries.run('INSERT INTO carillon.streams (name) VALUES ($1) ON CONFLICT DO NOTHING', [name]);
        const [stream] = await queries.query<{ id: number; erased: boolean }>(
          'SELECT id, erased FROM carillon.streams WHERE name = $1 FOR UPDATE',
          [name],
        );
        if (!stream || stream.erased) return false;
        await queries.run('UPDATE carillon.streams SET erased = true WHERE id = $1', [stream.id]);
        const revision = await mark(queries, stream.id, name);
        await queries.run(blankSql, [stream.id, revision]);
        return true;
      });
    },
  };
};
