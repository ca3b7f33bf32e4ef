import { CarillonError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Vault } from '../../ports/vault.ts';
import { createDatabase } from './database.ts';
import { openPart, type Part } from './migrate.ts';
import { createVacuum } from './vacuum.ts';

/** `fields` is JSON as text: jsonb refuses some JSON. */
const vaultPart: Part = {
  part: 'vault',
  durable: true,
  migrations: ['CREATE TABLE carillon.vault (subject text COLLATE "C" PRIMARY KEY, fields text COLLATE "C" NOT NULL)'],
};

const parse = (fields: string): JsonObject => {
  try {
    return JSON.parse(fields) as JsonObject;
  } catch (error) {
    throw new CarillonError('store-corrupt', 'An entry of the vault is not readable', {}, error);
  }
};

/** `compact` rewrites the table without what is left of removed data, as each removal does. */
export type PostgresVault = Vault & { compact(): Promise<void> };

export type PostgresVaultOptions = {
  /** `postgres://user:password@host:port/database`; CARILLON_POSTGRES_URL. */
  readonly url: string;
  /** Most connections; 2 when absent. */
  readonly connections?: number;
};

/**
 * Personal data in a table of PostgreSQL, durable when answered. What is removed is gone from the table's files when the call
 * resolves: they are rewritten. The write-ahead log and backups keep it until they are recycled.
 * Throws `config-invalid`, `store-newer`, `store-unavailable`.
 */
export const openPostgresVault = async ({ url, connections = 2 }: PostgresVaultOptions): Promise<PostgresVault> => {
  const database = createDatabase({ url, connections });
  await openPart(database, vaultPart);
  const rewrite = createVacuum(database, () => ['VACUUM FULL carillon.vault']);

  /** Changes a subject's fields, nobody else meanwhile. */
  const change = (subject: string, next: (before: JsonObject) => JsonObject): Promise<void> =>
    database.transaction(async ({ query, run }) => {
      const [row] = await query<{ fields: string }>('SELECT fields FROM carillon.vault WHERE subject = $1 FOR UPDATE', [subject]);
      if (row) await run('UPDATE carillon.vault SET fields = $2 WHERE subject = $1', [subject, JSON.stringify(next(parse(row.fields)))]);
    });

  return {
    async put(subject, fields) {
      await database.run(`INSERT INTO carillon.vault (subject, fields) VALUES ($1, '{}') ON CONFLICT DO NOTHING`, [subject]);
      await change(subject, (before) => ({ ...before, ...fields }));
    },
    async get(subject) {
      const [row] = await database.query<{ fields: string }>('SELECT fields FROM carillon.vault WHERE subject = $1', [subject]);
      return row ? parse(row.fields) : null;
    },
    async scrub(subject, names) {
      await change(subject, (before) => Object.fromEntries(Object.entries(before).filter(([name]) => !names.includes(name))));
      await rewrite();
    },
    async erase(subject) {
      await database.run('DELETE FROM carillon.vault WHERE subject = $1', [subject]);
      await rewrite();
    },
    compact: rewrite,
    close: () => database.close(),
  };
};
