import { lockKey } from './advisory.ts';
import { createDatabase } from './database.ts';

/**
 * A number that all processes on a database agree on, such as how many partitions each context has: the first to start fixes it,
 * the others are told. Throws `config-invalid`, `store-unavailable`.
 */
export const fixedNumber = async ({
  url,
  name,
  wanted,
}: {
  readonly url: string;
  readonly name: string;
  readonly wanted: number;
}): Promise<number> => {
  const database = createDatabase({ url, connections: 1 });
  try {
    return await database.transaction(async ({ query, run }) => {
      await query('SELECT pg_advisory_xact_lock($1)', [lockKey('schema', 'fixed')]);
      await run('CREATE SCHEMA IF NOT EXISTS carillon');
      await run('CREATE TABLE IF NOT EXISTS carillon.fixed (name text PRIMARY KEY, value integer NOT NULL)');
      await run('INSERT INTO carillon.fixed (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING', [name, wanted]);
      const [row] = await query<{ value: number }>('SELECT value FROM carillon.fixed WHERE name = $1', [name]);
      return row?.value ?? wanted;
    });
  } finally {
    await database.close();
  }
};
