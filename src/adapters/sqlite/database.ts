import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CarillonError } from '../../core/errors.ts';
import { guarded } from './errors.ts';

export type DatabaseOptions = {
  /** `:memory:` for one that is gone with its process. */
  readonly file: string;
  /** SQL of each version of the schema, oldest first; forward only. */
  readonly migrations: readonly string[];
  /** FULL: a commit is on the disk when it is answered. NORMAL: only for what can be rebuilt. */
  readonly synchronous: 'FULL' | 'NORMAL';
  /** Overwrites what is deleted, so that erased bytes are gone from the file too. */
  readonly secureDelete: boolean;
  /** Most pages of 4 KiB; unlimited when absent. */
  readonly maxPages?: number;
};

/** Older releases can corrupt a WAL when a write and a checkpoint meet. */
const oldestSqlite = [3, 51, 3] as const;
const busyTimeoutMs = 5000;
const cacheKiB = 64 * 1024;
/** Pages in the WAL before a commit copies them back: fewer, larger copies than SQLite's 1,000. */
const autocheckpointPages = 4000;
const journalBytes = 64 * 1024 * 1024;
const syncLevels = { NORMAL: 1, FULL: 2 } as const;

const pragma = (db: DatabaseSync, name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];

/** Throws `sqlite-old` unless `version` is 3.51.3 or newer. */
export const assertSqliteVersion = (version: string): void => {
  const parts = version.split('.').map(Number);
  for (const [index, least] of oldestSqlite.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return;
    if (part < least) throw new CarillonError('sqlite-old', `This Node brings SQLite ${version}; ${oldestSqlite.join('.')} is needed`);
  }
};

/** Personal data is for its owner only. SQLite gives -wal and -shm the mode of the main file. */
const createPrivate = (file: string): void => {
  if (file !== ':memory:' && !existsSync(file)) closeSync(openSync(file, 'a', 0o600));
};

const configure = (db: DatabaseSync, options: DatabaseOptions): void => {
  const mode = pragma(db, 'journal_mode=WAL');
  if (options.file !== ':memory:' && mode !== 'wal')
    throw new CarillonError('store-unavailable', `${options.file} cannot use a write-ahead log; is it on a network drive?`);
  db.exec(`
    PRAGMA synchronous=${options.synchronous};
    PRAGMA secure_delete=${options.secureDelete ? 'ON' : 'OFF'};
    PRAGMA cache_size=-${cacheKiB};
    PRAGMA wal_autocheckpoint=${autocheckpointPages};
    PRAGMA journal_size_limit=${journalBytes};
    PRAGMA temp_store=MEMORY;
  `);
  if (options.maxPages !== undefined) db.exec(`PRAGMA max_page_count=${options.maxPages}`);
  const level = pragma(db, 'synchronous');
  if (typeof level !== 'number' || level < syncLevels[options.synchronous])
    throw new CarillonError('internal', `${options.file} does not sync as asked: ${String(level)}`);
};

const migrate = (db: DatabaseSync, { file, migrations }: DatabaseOptions): void => {
  const version = Number(pragma(db, 'user_version'));
  if (version > migrations.length)
    throw new CarillonError('store-newer', `${file} has schema ${version}; this Carillon knows ${migrations.length}`);
  if (version === 0 && Number(pragma(db, 'schema_version')) > 0 && db.prepare('SELECT 1 FROM sqlite_schema').get()) {
    throw new CarillonError('store-corrupt', `${file} holds tables that are not Carillon's`);
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    transaction(db, () => db.exec(`${sql}; PRAGMA user_version=${index + 1}`));
  }
};

/**
 * Opens a database of ours and brings its schema up to date. Throws `sqlite-old`, `store-newer`, `store-corrupt`,
 * `store-unavailable`, `store-full`.
 */
export const openDatabase = (options: DatabaseOptions): DatabaseSync =>
  guarded(options.file, () => {
    createPrivate(options.file);
    const db = new DatabaseSync(options.file, { timeout: busyTimeoutMs });
    try {
      assertSqliteVersion(process.versions.sqlite ?? '0');
      configure(db, options);
      migrate(db, options);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });

/** All of `work` or nothing. A failure of SQLite may have rolled back already. */
export const transaction = <T>(db: DatabaseSync, work: () => T): T => {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isOpen && db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
};

/** Copies the WAL back and empties it. False when a reader still needs old pages. */
export const emptyWal = (db: DatabaseSync): boolean => {
  // The busy handler would block the whole process for its 5 s; the caller tries again instead.
  db.exec('PRAGMA busy_timeout=0');
  try {
    return pragma(db, 'wal_checkpoint(TRUNCATE)') === 0;
  } finally {
    db.exec(`PRAGMA busy_timeout=${busyTimeoutMs}`);
  }
};
