import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CarillonError } from '../../core/errors.ts';
import type { Position } from '../../core/event.ts';
import type { Projection, Row } from '../../core/projection.ts';
import type { Build, Commit, ReadModels } from '../../ports/read-models.ts';
import { openDatabase, transaction } from './database.ts';
import { guarded } from './errors.ts';
import { compact } from './purge.ts';
import { type BuildRow, createBuilds, migrations } from './read-models-builds.ts';
import { deleteSql, deleteWhereSql, getSql, type Physical, physical, querySql, toCells, toRow, upsertSql } from './read-models-schema.ts';
import { createWaiters } from './read-models-waiters.ts';

type Opened = { readonly projection: Projection; readonly tables: ReadonlyMap<string, Physical> };
/** The statements of a table, prepared once: a page of events writes thousands of rows. */
type Prepared = { readonly upsert: StatementSync; readonly remove: StatementSync; readonly get: StatementSync };

/** Rows that are hashed in one go. */
const hashPage = 2_000;
/** After so many rows others have a turn: SQLite is synchronous, and pages that follow each other would hold up HTTP and ticks. */
const manyRows = 250;

const yieldAfter = (rows: number): Promise<void> | undefined => (rows < manyRows ? undefined : nextTurn());

const nameOf = (projection: string, build: Build): string => `${projection} ${build}`;

const createStatements = (db: DatabaseSync) => {
  const byText = new Map<string, StatementSync>();
  let byTable = new WeakMap<Physical, Prepared>();
  return {
    of(sql: string): StatementSync {
      const known = byText.get(sql);
      if (known !== undefined) return known;
      const made = db.prepare(sql);
      byText.set(sql, made);
      return made;
    },
    table(table: Physical): Prepared {
      const known = byTable.get(table);
      if (known !== undefined) return known;
      const made = { upsert: db.prepare(upsertSql(table)), remove: db.prepare(deleteSql(table)), get: db.prepare(getSql(table)) };
      byTable.set(table, made);
      return made;
    },
    clear(): void {
      byText.clear();
      byTable = new WeakMap();
    },
  };
};

/** The builds that this process has opened, and the tables behind the names that readers use. */
const createOpened = () => {
  const opened = new Map<string, Opened>();
  const owners = new Map<string, string>();
  return {
    get: (projection: string, build: Build): Opened | undefined => opened.get(nameOf(projection, build)),
    use(projection: Projection, build: Build, row: BuildRow): void {
      const tables = new Map(projection.tables.map((spec) => [spec.name, physical(spec, row.version, row.generation)]));
      opened.set(nameOf(projection.name, build), { projection, tables });
      for (const spec of projection.tables) owners.set(spec.name, projection.name);
    },
    close: (projection: string, build: Build): void => void opened.delete(nameOf(projection, build)),
    /** Readers name a table, not its projection: a name that two have would mix their rows. */
    claim({ name, tables }: Projection): void {
      for (const table of tables) {
        const owner = owners.get(table.name) ?? name;
        if (owner !== name)
          throw new CarillonError('definition-invalid', `Projections "${owner}" and "${name}" both have a table "${table.name}"`);
      }
    },
    table(table: string, build: Build = 'live'): Physical {
      const found = opened.get(nameOf(owners.get(table) ?? '', build))?.tables.get(table);
      if (found === undefined) throw new CarillonError('not-found', `No projection has a table "${table}"`);
      return found;
    },
  };
};

/** Read models in one SQLite file. NORMAL sync: what a power cut loses is read from the log again. */
export const openSqliteReadModels = ({ file }: { readonly file: string }): ReadModels => {
  const db: DatabaseSync = openDatabase({ file, migrations, synchronous: 'NORMAL', secureDelete: true });
  const statements = createStatements(db);
  const builds = createBuilds(db, statements.clear);
  const opened = createOpened();
  const waiters = createWaiters();
  /** Live ones only, for those who wait. */
  const checkpoints = new Map<string, Position>();

  const stands = (projection: string, position: Position | null): void => {
    if (position === null) return void checkpoints.delete(projection);
    checkpoints.set(projection, position);
    waiters.reached(projection, position);
  };

  const write = ({ projection, build, puts, removes, removeWheres, previous, next }: Commit): void => {
    if (!builds.advance(projection, build, previous, next))
      throw new CarillonError('projection-fenced', `Projection "${projection}" (${build}) does not stand at ${String(previous)}`, {
        projection,
      });
    for (const { table, column, value } of removeWheres) statements.of(deleteWhereSql(opened.table(table, build), column)).run(value);
    for (const { table, key } of removes) statements.table(opened.table(table, build)).remove.run(...key);
    for (const { table, row } of puts) {
      const found = opened.table(table, build);
      statements.table(found).upsert.run(...toCells(found, row));
    }
  };

  /** Along the key in pages, so that ticks and requests go on. Whoever compares hashes keeps the build still. */
  const hashTable = async (table: Physical, update: (text: string) => void): Promise<void> => {
    for (let after: Row | undefined; ; ) {
      const { sql, parameters } = querySql(table, '*', { limit: hashPage, ...(after === undefined ? {} : { after }) });
      const rows = guarded(file, () => statements.of(sql).all(...parameters)).map((stored) => toRow(table, stored));
      for (const row of rows) update(`${JSON.stringify(row)}\n`);
      after = rows.at(-1);
      if (rows.length < hashPage) return;
      await yieldAfter(rows.length);
    }
  };

  return {
    open: async (projection, build) =>
      guarded(file, () => {
        opened.claim(projection);
        // A rebuild that ended with its process would keep rows of streams that are erased from now on.
        const left = opened.get(projection.name, 'rebuild') === undefined && builds.read(projection.name, 'rebuild') !== null;
        if (build === 'live' && left) builds.remove(projection, 'rebuild');
        const row = build === 'live' ? builds.read(projection.name, 'live') : null;
        const made = row === null || row.version !== projection.version ? builds.begin(projection, build) : row;
        opened.use(projection, build, made);
        if (build === 'live') stands(projection.name, made.checkpoint);
        return made.checkpoint;
      }),
    commit: async (commit) => {
      guarded(file, () => transaction(db, () => write(commit)));
      if (commit.build === 'live') stands(commit.projection, commit.next);
      await yieldAfter(commit.puts.length + commit.removes.length);
    },
    get: async (table, keys, build) => {
      const rows = guarded(file, () => {
        const found = opened.table(table, build);
        const { get } = statements.table(found);
        return keys.map((key) => {
          const row = get.get(...key);
          return row === undefined ? null : toRow(found, row);
        });
      });
      await yieldAfter(rows.length);
      return rows;
    },
    list: async (table, query) => {
      const rows = guarded(file, () => {
        const found = opened.table(table);
        const { sql, parameters } = querySql(found, '*', query);
        return statements
          .of(sql)
          .all(...parameters)
          .map((row) => toRow(found, row));
      });
      await yieldAfter(rows.length);
      return rows;
    },
    count: async (table, query) =>
      guarded(file, () => {
        const { sql, parameters } = querySql(opened.table(table), 'count(*) AS n', query);
        return Number(statements.of(sql).get(...parameters)?.n);
      }),
    checkpoint: async (projection) => guarded(file, () => builds.read(projection, 'live')?.checkpoint ?? null),
    passed: async (projection, position, signal) => {
      if ((checkpoints.get(projection) ?? '') < position) await waiters.wait(projection, position, signal);
    },
    swap: async (projection) =>
      guarded(file, () => {
        const rebuilt = builds.read(projection, 'rebuild');
        const build = opened.get(projection, 'rebuild');
        if (rebuilt === null || build === undefined) throw new CarillonError('not-found', `Projection "${projection}" has no rebuild`);
        builds.promote(build.projection, rebuilt);
        opened.close(projection, 'rebuild');
        opened.use(build.projection, 'live', rebuilt);
        stands(projection, rebuilt.checkpoint);
      }),
    hash: async (projection, build) => {
      const digest = createHash('sha256');
      for (const table of opened.get(projection, build)?.tables.values() ?? []) {
        digest.update(`${table.spec.name}\n`);
        await hashTable(table, (text) => void digest.update(text));
      }
      return digest.digest('hex');
    },
    // Rows move between pages as tables grow, and leave copies behind: only a rewritten file has none.
    purge: () => compact(db, file),
    close: async () => {
      waiters.close();
      statements.clear();
      if (db.isOpen) db.close();
    },
  };
};
