import type { DatabaseSync } from 'node:sqlite';
import { CarillonError } from '../../core/errors.ts';
import type { Position } from '../../core/event.ts';
import type { Projection } from '../../core/projection.ts';
import type { Build } from '../../ports/read-models.ts';
import { transaction } from './database.ts';
import { createSql, dropSql, physical } from './read-models-schema.ts';

export const migrations = [
  `CREATE TABLE builds (projection TEXT NOT NULL, build TEXT NOT NULL, version INTEGER NOT NULL, generation INTEGER NOT NULL, checkpoint TEXT, PRIMARY KEY (projection, build)) WITHOUT ROWID`,
  // The names of a build's tables: a later version may have none of them, and must drop them all the same.
  'ALTER TABLE builds ADD COLUMN tables TEXT',
];

export type BuildRow = {
  readonly version: number;
  readonly generation: number;
  readonly checkpoint: Position | null;
  /** JSON; null when it was written before there was this column. */
  readonly tables: string | null;
};

/** Which builds of which projections the file has, and their tables. */
export type Builds = {
  /** Throws `projection-corrupt` when its checkpoint is unreadable. */
  read(projection: string, build: Build): BuildRow | null;
  /** Empty tables in place of whatever that build had. */
  begin(projection: Projection, build: Build): BuildRow;
  remove(projection: Projection, build: Build): void;
  /** Drops builds with tables that `used` does not know: projections that left the code, whose rows nobody erases. */
  removeUnused(used: (projection: string, build: Build) => boolean): void;
  /** The rebuild becomes the live one. */
  promote(projection: Projection, rebuilt: BuildRow): void;
  /** False when the checkpoint is not `previous`. */
  advance(projection: string, build: Build, previous: Position | null, next: Position): boolean;
};

/** `changed` is called when tables come and go: statements on them are void. */
export const createBuilds = (db: DatabaseSync, changed: () => void): Builds => {
  const select = db.prepare('SELECT version, generation, checkpoint, tables FROM builds WHERE projection = ? AND build = ?');
  const insert = db.prepare(
    'INSERT OR REPLACE INTO builds (projection, build, version, generation, checkpoint, tables) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const erase = db.prepare('DELETE FROM builds WHERE projection = ? AND build = ?');
  const all = db.prepare('SELECT projection, build, tables FROM builds');
  const update = db.prepare('UPDATE builds SET checkpoint = ? WHERE projection = ? AND build = ? AND checkpoint IS ?');

  const stored = (projection: string, build: Build): BuildRow | null => (select.get(projection, build) as BuildRow | undefined) ?? null;
  const write = (projection: string, build: Build, row: BuildRow): void =>
    void insert.run(projection, build, row.version, row.generation, row.checkpoint, row.tables);
  /** Drops a build's tables, opened or not. */
  const drop = (projection: Projection, build: Build): void => {
    const row = stored(projection.name, build);
    if (row === null) return;
    const names = projection.tables.map((spec) => physical(spec, row.version, row.generation).name);
    for (const table of row.tables === null ? names : (JSON.parse(row.tables) as string[])) db.exec(dropSql(table));
    changed();
  };

  return {
    read(projection, build) {
      const row = stored(projection, build);
      if (row !== null && row.checkpoint !== null && !/^\d{16,}$/.test(String(row.checkpoint)))
        throw new CarillonError('projection-corrupt', `The checkpoint of projection "${projection}" is unreadable`, { projection });
      return row;
    },
    begin(projection, build) {
      const { version } = projection;
      const generation = Math.max(...(['live', 'rebuild'] as const).map((each) => stored(projection.name, each)?.generation ?? 0)) + 1;
      const tables = projection.tables.map((spec) => physical(spec, version, generation));
      const row: BuildRow = { version, generation, checkpoint: null, tables: JSON.stringify(tables.map((table) => table.name)) };
      transaction(db, () => {
        drop(projection, build);
        for (const table of tables) {
          db.exec(dropSql(table.name));
          db.exec(createSql(table));
        }
        write(projection.name, build, row);
      });
      return row;
    },
    remove: (projection, build) =>
      transaction(db, () => {
        drop(projection, build);
        erase.run(projection.name, build);
      }),
    removeUnused: (used) =>
      transaction(db, () => {
        for (const { projection, build, tables } of all.all() as { projection: string; build: Build; tables: string | null }[]) {
          const names = tables === null ? [] : (JSON.parse(tables) as string[]);
          if (names.length === 0 || used(projection, build)) continue;
          for (const table of names) db.exec(dropSql(table));
          erase.run(projection, build);
        }
        changed();
      }),
    promote: (projection, rebuilt) =>
      transaction(db, () => {
        drop(projection, 'live');
        write(projection.name, 'live', rebuilt);
        erase.run(projection.name, 'rebuild');
      }),
    advance: (projection, build, previous, next) => Number(update.run(next, projection, build, previous).changes) === 1,
  };
};
