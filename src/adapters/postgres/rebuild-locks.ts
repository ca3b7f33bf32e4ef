import { CarillonError } from '../../core/errors.ts';
import { lockKey } from './advisory.ts';
import type { Database } from './database.ts';
import type { Queries } from './queries.ts';
import type { Session } from './session.ts';

/** Says to other processes that a rebuild is in hand, until its process ends: what it left behind then is theirs to remove. */
export type RebuildLocks = {
  /** Throws `projection-fenced` while another process rebuilds this projection. */
  take(projection: string): Promise<void>;
  release(projection: string): Promise<void>;
  /** Inside a transaction: whether nobody rebuilds it, and nobody can begin to before its end. */
  isFree(queries: Queries, projection: string): Promise<boolean>;
  close(): Promise<void>;
};

export const createRebuildLocks = (database: Database): RebuildLocks => {
  const held = new Map<string, Session>();
  const release = async (projection: string): Promise<void> => {
    const session = held.get(projection);
    held.delete(projection);
    await session?.end();
  };
  return {
    release,
    async take(projection) {
      if (held.get(projection)?.lost.aborted === false) return;
      const session = await database.session();
      const [row] = await session.query<{ free: boolean }>('SELECT pg_try_advisory_lock($1) AS free', [lockKey('rebuild', projection)]);
      if (row?.free) return void held.set(projection, session);
      await session.end();
      throw new CarillonError('projection-fenced', `Projection "${projection}" is being rebuilt by another process`, { projection });
    },
    async isFree({ query }, projection) {
      const [row] = await query<{ free: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS free', [lockKey('rebuild', projection)]);
      return row?.free === true;
    },
    close: async () => {
      for (const projection of [...held.keys()]) await release(projection);
    },
  };
};
