import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CarillonError } from '../../core/errors.ts';
import type { Position } from '../../core/event.ts';
import type { Projection, Row } from '../../core/projection.ts';
import type { Build, Commit, ReadModels } from '../../ports/read-models.ts';
import { openDatabase, transaction } from './database.ts';
import { guarded } from './errors.ts';
import { compact } from './purge.ts';
import {
  createSql,
  deleteSql,
  deleteWhereSql,
  dropSql,
  getSql,
  type Physical,
  physical,
  querySql,
  toCells,
  toRow,
  upsertSql,
} from './read-models-schema.ts';

const migrations = [
  `CREATE TABLE builds (projection TEXT NOT NULL, build TEXT NOT NULL, version INTEGER NOT NULL, generation INTEGER NOT NULL, checkpoint TEXT, PRIMARY KEY (projection, build)) WITHOUT ROWID`,
];

type BuildRow = { readonly version: number; readonly generation: number; readonly checkpoint: Position | null };
type Opened = { readonly projection: Projection; readonly tables: ReadonlyMap<string, Physical> };
type Waiter = { readonly position: Position; done(): void };

/** Read models in one SQLite file. NORMAL sync: what a power cut loses is read from the log again. */
export const openSqliteReadModels = ({ file }: { readonly file: string }): ReadModels => {
  const db: DatabaseSync = openDatabase({ file, migrations, synchronous: 'NORMAL', secureDelete: true });
  const statements = new Map<string, StatementSync>();
  const opened = new Map<string, Opened>();
  const owners = new Map<string, string>();
  const checkpoints = new Map<string, Position | null>();
  const waiters = new Map<string, Waiter[]>();

  const statement = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = db.prepare(sql);
    statements.set(sql, made);
    return made;
  };
  /** The statements of a table, prepared once: a page of events writes thousands of rows. */
  type Prepared = { readonly upsert: StatementSync; readonly remove: StatementSync; readonly get: StatementSync };
  let prepared = new WeakMap<Physical, Prepared>();
  const preparedFor = (table: Physical): Prepared => {
    const known = prepared.get(table);
    if (known !== undefined) return known;
    const made = { upsert: db.prepare(upsertSql(table)), remove: db.prepare(deleteSql(table)), get: db.prepare(getSql(table)) };
    prepared.set(table, made);
    return made;
  };
  const name = (projection: string, build: Build): string => `${projection} ${build}`;

  const storedBuild = (projection: string, build: Build): BuildRow | null =>
    (statement('SELECT version, generation, checkpoint FROM builds WHERE projection = ? AND build = ?').get(projection, build) as
      | BuildRow
      | undefined) ?? null;

  const readBuild = (projection: string, build: Build): BuildRow | null => {
    const row = storedBuild(projection, build);
    if (row === null) return null;
    if (row.checkpoint !== null && !/^\d{16,}$/.test(String(row.checkpoint)))
      throw new CarillonError('projection-corrupt', `The checkpoint of projection "${projection}" is unreadable`, { projection });
    return row;
  };

  const writeBuild = (projection: string, build: Build, row: BuildRow): void => {
    statement('INSERT OR REPLACE INTO builds (projection, build, version, generation, checkpoint) VALUES (?, ?, ?, ?, ?)').run(
      projection,
      build,
      row.version,
      row.generation,
      row.checkpoint,
    );
  };

  const use = (projection: Projection, build: Build, row: BuildRow): void => {
    const tables = new Map(projection.tables.map((spec) => [spec.name, physical(spec, row.version, row.generation)]));
    opened.set(name(projection.name, build), { projection, tables });
    checkpoints.set(name(projection.name, build), row.checkpoint);
    for (const spec of projection.tables) owners.set(spec.name, projection.name);
  };

  /** Drops the tables that a build has in the file, opened or not. */
  const drop = (projection: Projection, build: Build): void => {
    const row = storedBuild(projection.name, build);
    if (row !== null) for (const spec of projection.tables) db.exec(dropSql(physical(spec, row.version, row.generation)));
    statements.clear();
    prepared = new WeakMap();
  };

  const begin = (projection: Projection, build: Build): BuildRow => {
    const generations = (['live', 'rebuild'] as const).map((each) => storedBuild(projection.name, each)?.generation ?? 0);
    const row: BuildRow = { version: projection.version, generation: Math.max(...generations) + 1, checkpoint: null };
    transaction(db, () => {
      drop(projection, build);
      for (const spec of projection.tables) {
        const table = physical(spec, row.version, row.generation);
        db.exec(dropSql(table));
        db.exec(createSql(table));
      }
      writeBuild(projection.name, build, row);
    });
    return row;
  };

  const tableOf = (table: string, build: Build = 'live'): Physical => {
    const found = opened.get(name(owners.get(table) ?? '', build))?.tables.get(table);
    if (found === undefined) throw new CarillonError('not-found', `No projection has a table "${table}"`);
    return found;
  };

  const reached = (projection: string, position: Position): void => {
    const list = waiters.get(projection);
    if (list === undefined || list.length === 0) return;
    waiters.set(
      projection,
      list.filter((waiter) => {
        if (waiter.position > position) return true;
        waiter.done();
        return false;
      }),
    );
  };

  const write = (commit: Commit): void => {
    const known = checkpoints.get(name(commit.projection, commit.build)) ?? null;
    const fenced = statement('UPDATE builds SET checkpoint = ? WHERE projection = ? AND build = ? AND checkpoint IS ?').run(
      commit.next,
      commit.projection,
      commit.build,
      commit.previous,
    );
    if (Number(fenced.changes) !== 1)
      throw new CarillonError(
        'projection-fenced',
        `Projection "${commit.projection}" stands at ${String(known)}, not at ${String(commit.previous)}`,
        { projection: commit.projection },
      );
    for (const { table, column, value } of commit.removeWheres) statement(deleteWhereSql(tableOf(table, commit.build), column)).run(value);
    for (const { table, key } of commit.removes) preparedFor(tableOf(table, commit.build)).remove.run(...key);
    for (const { table, row } of commit.puts) {
      const found = tableOf(table, commit.build);
      preparedFor(found).upsert.run(...toCells(found, row));
    }
  };

  return {
    open: async (projection, build) =>
      guarded(file, () => {
        const row = build === 'live' ? readBuild(projection.name, 'live') : null;
        const made = row === null || row.version !== projection.version ? begin(projection, build) : row;
        use(projection, build, made);
        return made.checkpoint;
      }),
    commit: async (commit) =>
      guarded(file, () => {
        transaction(db, () => write(commit));
        checkpoints.set(name(commit.projection, commit.build), commit.next);
        if (commit.build === 'live') reached(commit.projection, commit.next);
      }),
    get: async (table, keys, build) =>
      guarded(file, () => {
        const found = tableOf(table, build);
        const { get: query } = preparedFor(found);
        return keys.map((key) => {
          const row = query.get(...key);
          return row === undefined ? null : toRow(found, row);
        });
      }),
    list: async (table, query) =>
      guarded(file, () => {
        const found = tableOf(table);
        const { sql, parameters } = querySql(found, '*', query);
        return statement(sql)
          .all(...parameters)
          .map((row) => toRow(found, row));
      }),
    count: async (table, query) =>
      guarded(file, () => {
        const { sql, parameters } = querySql(tableOf(table), 'count(*) AS n', query);
        return Number(statement(sql).get(...parameters)?.n);
      }),
    checkpoint: async (projection) => guarded(file, () => readBuild(projection, 'live')?.checkpoint ?? null),
    passed: (projection, position, signal) => {
      const at = checkpoints.get(name(projection, 'live')) ?? null;
      if ((at !== null && at >= position) || signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          signal?.removeEventListener('abort', done);
          resolve();
        };
        signal?.addEventListener('abort', done);
        waiters.set(projection, [...(waiters.get(projection) ?? []), { position, done }]);
      });
    },
    swap: async (projection) =>
      guarded(file, () => {
        const rebuilt = readBuild(projection, 'rebuild');
        const build = opened.get(name(projection, 'rebuild'));
        if (rebuilt === null || build === undefined) throw new CarillonError('not-found', `Projection "${projection}" has no rebuild`);
        transaction(db, () => {
          drop(build.projection, 'live');
          writeBuild(projection, 'live', rebuilt);
          statement('DELETE FROM builds WHERE projection = ? AND build = ?').run(projection, 'rebuild');
        });
        opened.delete(name(projection, 'rebuild'));
        use(build.projection, 'live', rebuilt);
        if (rebuilt.checkpoint !== null) reached(projection, rebuilt.checkpoint);
      }),
    hash: async (projection, build) =>
      guarded(file, () => {
        const digest = createHash('sha256');
        for (const table of opened.get(name(projection, build))?.tables.values() ?? []) {
          digest.update(`${table.spec.name}\n`);
          const { sql } = querySql(table, '*', { limit: -1 });
          for (const row of db.prepare(sql).iterate(-1)) digest.update(`${JSON.stringify(toRow(table, row as Row))}\n`);
        }
        return digest.digest('hex');
      }),
    // Rows move between pages as tables grow, and leave copies behind: only a rewritten file has none.
    purge: () => compact(db, file),
    close: async () => {
      for (const list of waiters.values()) for (const waiter of list) waiter.done();
      waiters.clear();
      statements.clear();
      if (db.isOpen) db.close();
    },
  };
};
