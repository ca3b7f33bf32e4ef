import { CarillonError } from '../../core/errors.ts';
import { lockKey } from './advisory.ts';
import type { Database } from './database.ts';
import { urlSetting } from './errors.ts';
import type { Queries } from './queries.ts';

/** What a part of Carillon keeps in the database: the SQL of each version of its schema, oldest first; forward only. */
export type Part = {
  readonly part: 'events' | 'models' | 'vault';
  /** Answered means durable: a server whose commits are answered before is refused. */
  readonly durable: boolean;
  readonly migrations: readonly string[];
};

const versionOf = async (queries: Queries, { part }: Part): Promise<number> => {
  const [table] = await queries.query<{ there: boolean }>(`SELECT to_regclass('carillon.schema_versions') IS NOT NULL AS there`);
  if (!table?.there) return 0;
  const [row] = await queries.query<{ version: number }>('SELECT version FROM carillon.schema_versions WHERE part = $1', [part]);
  return row?.version ?? 0;
};

const refuseNewer = (version: number, { part, migrations }: Part, name: string): void => {
  if (version > migrations.length)
    throw new CarillonError('store-newer', `PostgreSQL ${name} has schema ${version} of ${part}; this Carillon knows ${migrations.length}`);
};

/** Several processes may start together: one of them migrates, the others wait and find it done. */
const upgrade = (database: Database, part: Part): Promise<void> =>
  database.transaction(async (queries) => {
    const { query, run } = queries;
    await query('SELECT pg_advisory_xact_lock($1)', [lockKey('schema', 'schema')]);
    await run('CREATE SCHEMA IF NOT EXISTS carillon');
    await run('CREATE TABLE IF NOT EXISTS carillon.schema_versions (part text PRIMARY KEY, version integer NOT NULL)');
    const version = await versionOf(queries, part);
    refuseNewer(version, part, database.name);
    for (const statements of part.migrations.slice(version)) for (const sql of statements.split(';')) if (sql.trim()) await run(sql);
    await run(
      `INSERT INTO carillon.schema_versions (part, version) VALUES ($1, $2)
       ON CONFLICT (part) DO UPDATE SET version = greatest(schema_versions.version, excluded.version)`,
      [part.part, part.migrations.length],
    );
  });

const checkServer = async ({ name, query }: Database): Promise<void> => {
  const [server] = await query<{ version: number; encoding: string; standby: boolean; fsync: string }>(
    `SELECT current_setting('server_version_num')::integer AS version, current_setting('server_encoding') AS encoding,
     pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync`,
  );
  const refuse = (what: string): never => {
    throw new CarillonError('config-invalid', `PostgreSQL ${name} ${what} (${urlSetting})`);
  };
  if (!server) return refuse('does not tell its settings');
  if (server.version < 130_000) refuse(`is version ${Math.floor(server.version / 10_000)}; use 13 or newer`);
  if (server.encoding !== 'UTF8') refuse(`has the encoding ${server.encoding}; make the database with ENCODING 'UTF8'`);
  if (server.standby) refuse('is a standby; name the primary server');
  if (server.fsync !== 'on') refuse('runs with fsync=off, which loses what was answered; set fsync = on in postgresql.conf');
};

const requireDurableCommits = async ({ name, query }: Database): Promise<void> => {
  const [row] = await query<{ commit: string }>(`SELECT current_setting('synchronous_commit') AS commit`);
  if (row?.commit === 'off')
    throw new CarillonError(
      'config-invalid',
      `PostgreSQL ${name} answers commits before they are durable: set synchronous_commit = on for its database or user (${urlSetting})`,
    );
};

/**
 * Checks the server and brings a part's schema up to date; closes the database when it is refused. A user without rights to
 * change the schema may open one that is up to date. Throws `config-invalid`, `store-newer`, `store-unavailable`.
 */
export const openPart = async (database: Database, part: Part): Promise<void> => {
  try {
    await checkServer(database);
    if (part.durable) await requireDurableCommits(database);
    const version = await versionOf(database, part);
    refuseNewer(version, part, database.name);
    if (version < part.migrations.length) await upgrade(database, part);
  } catch (error) {
    await database.close();
    throw error;
  }
};
