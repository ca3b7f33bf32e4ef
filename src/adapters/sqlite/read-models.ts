import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CarillonError } from '../../core/errors.ts';
import type { Position } from '../../core/event.ts';
import type { Row } from '../../core/projection.ts';
import type { Commit, ReadModels } from '../../ports/read-models.ts';
import { openDatabase, transaction } from './database.ts';
import { guarded } from './errors.ts';
import { compact } from './purge.ts';
import { type Builds, createBuilds, migrations } from './read-models-builds.ts';
import { createOpened, type OpenedBuilds } from './read-models-opened.ts';
import { deleteWhereSql, type Physical, querySql, toCells, toRow } from './read-models-schema.ts';
import { createStatements, type Statements } from './read-models-statements.ts';
import { createWaiters } from './read-models-waiters.ts';

type Parts = {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly statements: Statements;
  readonly builds: Builds;
  readonly opened: OpenedBuilds;
  /** A live checkpoint is now here. */
  stands(projection: string, position: Position | null): void;
};

/** Rows that are hashed in one go. */
const hashPage = 2_000;
/** After so many rows others have a turn: SQLite is synchronous, and pages that follow each other would hold up HTTP and ticks. */
const manyRows = 250;

const yieldAfter = (rows: number): Promise<void> | undefined => (rows < manyRows ? undefined : nextTurn());

const createWrites = ({ db, file, statements, builds, opened, stands }: Parts): Pick<ReadModels, 'open' | 'commit' | 'swap'> => {
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
  };
};

const createReads = ({ file, statements, builds, opened }: Parts): Pick<ReadModels, 'get' | 'list' | 'count' | 'checkpoint' | 'hash'> => {
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
    hash: async (projection, build) => {
      const digest = createHash('sha256');
      for (const table of opened.get(projection, build)?.tables.values() ?? []) {
        digest.update(`${table.spec.name}\n`);
        await hashTable(table, (text) => void digest.update(text));
      }
      return digest.digest('hex');
    },
  };
};

/** Read models in one SQLite file. NORMAL sync: what a power cut loses is read from the log again. */
export const openSqliteReadModels = ({ file }: { readonly file: string }): ReadModels => {
  const db: DatabaseSync = openDatabase({ file, migrations, synchronous: 'NORMAL', secureDelete: true });
  const statements = createStatements(db);
  const waiters = createWaiters();
  /** Live ones only, for those who wait. */
  const checkpoints = new Map<string, Position>();
  const stands = (projection: string, position: Position | null): void => {
    if (position === null) return void checkpoints.delete(projection);
    checkpoints.set(projection, position);
    waiters.reached(projection, position);
  };
  const parts: Parts = { db, file, statements, builds: createBuilds(db, statements.clear), opened: createOpened(), stands };
  return {
    ...createWrites(parts),
    ...createReads(parts),
    passed: async (projection, position, signal) => {
      if ((checkpoints.get(projection) ?? '') < position) await waiters.wait(projection, position, signal);
    },
    // Rows move between pages as tables grow, and leave copies behind: only a rewritten file has none.
    purge: async () => {
      guarded(file, () => parts.builds.removeUnused((projection, build) => parts.opened.get(projection, build) !== undefined));
      await compact(db, file);
    },
    close: async () => {
      waiters.close();
      statements.clear();
      if (db.isOpen) db.close();
    },
  };
};
