import { CarillonError } from '../../core/errors.ts';
import type { Position } from '../../core/event.ts';
import type { Projection } from '../../core/projection.ts';
import type { Build, Commit } from '../../ports/read-models.ts';
import { lockKey } from './advisory.ts';
import type { Part } from './migrate.ts';
import { createSql, dropSql, physical } from './model-schema.ts';
import type { Queries } from './queries.ts';

/** `tables` are the names of a build's tables: a later version may have none of them, and must drop them all the same. */
export const modelPart: Part = {
  part: 'models',
  durable: false,
  migrations: [
    `
    CREATE SCHEMA carillon_models;
    CREATE TABLE carillon.builds (
      projection text COLLATE "C" NOT NULL,
      build text NOT NULL,
      version integer NOT NULL,
      generation integer NOT NULL,
      checkpoint text COLLATE "C",
      tables text[] NOT NULL,
      PRIMARY KEY (projection, build)
    );
    `,
  ],
};

export type BuildRow = {
  readonly version: number;
  readonly generation: number;
  readonly checkpoint: Position | null;
  readonly tables: readonly string[];
};

/**
 * One at a time changes which tables a projection has. Inside a transaction, until its end. Commits begin with their build's
 * row, so none of them is half done meanwhile.
 */
export const lockProjection = async ({ query, run }: Queries, projection: string): Promise<void> => {
  await query('SELECT pg_advisory_xact_lock($1)', [lockKey('projection', projection)]);
  await run('SELECT FROM carillon.builds WHERE projection = $1 ORDER BY build FOR UPDATE', [projection]);
};

/** False when the checkpoint is not `previous`. Inside a transaction. */
export const advanceBuild = async ({ run }: Queries, { projection, build, previous, next }: Commit): Promise<boolean> =>
  (await run('UPDATE carillon.builds SET checkpoint = $1 WHERE projection = $2 AND build = $3 AND checkpoint IS NOT DISTINCT FROM $4', [
    next,
    projection,
    build,
    previous,
  ])) === 1;

/** Throws `projection-corrupt` when its checkpoint is unreadable. */
export const readBuild = async (queries: Queries, projection: string, build: Build): Promise<BuildRow | null> => {
  const row = await storedBuild(queries, projection, build);
  if (row !== null && row.checkpoint !== null && !/^\d{16,}$/.test(row.checkpoint))
    throw new CarillonError('projection-corrupt', `The checkpoint of projection "${projection}" is unreadable`, { projection });
  return row;
};

const storedBuild = async ({ query }: Queries, projection: string, build: Build): Promise<BuildRow | null> =>
  (
    await query<BuildRow>('SELECT version, generation, checkpoint, tables FROM carillon.builds WHERE projection = $1 AND build = $2', [
      projection,
      build,
    ])
  )[0] ?? null;

/** Drops a build and its tables. Inside `lockProjection`. */
export const dropBuild = async (queries: Queries, projection: string, build: Build): Promise<void> => {
  const row = await storedBuild(queries, projection, build);
  for (const table of row?.tables ?? []) await queries.run(dropSql(table));
  await queries.run('DELETE FROM carillon.builds WHERE projection = $1 AND build = $2', [projection, build]);
};

/** Empty tables in place of whatever that build had. Inside `lockProjection`. */
export const beginBuild = async (queries: Queries, projection: Projection, build: Build): Promise<BuildRow> => {
  const { name, version } = projection;
  const [last] = await queries.query<{ generation: number }>(
    'SELECT coalesce(max(generation), 0) AS generation FROM carillon.builds WHERE projection = $1',
    [name],
  );
  const generation = (last?.generation ?? 0) + 1;
  await dropBuild(queries, name, build);
  const tables = projection.tables.map((spec) => physical(spec, version, generation));
  for (const table of tables) {
    await queries.run(dropSql(table.table));
    for (const sql of createSql(table)) await queries.run(sql);
  }
  const names = tables.map(({ table }) => table);
  await queries.run('INSERT INTO carillon.builds (projection, build, version, generation, tables) VALUES ($1, $2, $3, $4, $5)', [
    name,
    build,
    version,
    generation,
    names,
  ]);
  return { version, generation, checkpoint: null, tables: names };
};

/** The rebuild becomes the live one. Inside `lockProjection`. */
export const promoteBuild = async (queries: Queries, projection: string): Promise<void> => {
  await dropBuild(queries, projection, 'live');
  await queries.run(`UPDATE carillon.builds SET build = 'live' WHERE projection = $1 AND build = 'rebuild'`, [projection]);
};
