import { lowestOpenPosition } from './advisory.ts';
import type { Database } from './database.ts';
import type { Kinds } from './kinds.ts';

const headSql = `SELECT
  (SELECT max(position) FROM carillon.events WHERE position < coalesce((${lowestOpenPosition}), 9223372036854775807)),
  (SELECT count(*) FROM carillon.kinds)`;

/** The newest position up to which no append in flight may still fill one; 0 when the log is empty. It never goes back. */
export const createSafeHead = (database: Database, kinds: Kinds): (() => Promise<number>) => {
  let known = 0;
  return async () => {
    const [row] = await database.tuples<[head: number | null, kinds: number]>(headSql);
    const [head, count = 0] = row ?? [];
    // Others may have interned kinds that readers wait for.
    if (count !== kinds.count()) await kinds.reload();
    known = Math.max(known, head ?? 0);
    return known;
  };
};
