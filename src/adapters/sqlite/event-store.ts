import type { DatabaseSync } from 'node:sqlite';
import { CarillonError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AppendItem, AppendResult, EventStore } from '../../ports/event-store.ts';
import { positionOf } from '../memory/position.ts';
import { createBell, type LogSource, readPages, subscribePages } from '../memory/tail.ts';
import { blankRows } from './blanks.ts';
import { emptyWal, openDatabase } from './database.ts';
import { guarded } from './errors.ts';
import { createEventIndex } from './event-index.ts';
import { eventMigrations } from './event-schema.ts';
import { createEventWriter, prepareItem, type WriterStats } from './event-writer.ts';
import { createGroupCommit } from './group-commit.ts';
import { createKinds } from './kinds.ts';
import { createLogReader } from './log-reader.ts';
import { compact, purge } from './purge.ts';
import { createRing } from './ring.ts';
import { createStreamDirectory } from './stream-directory.ts';

export type SqliteEventStoreOptions = {
  /** `:memory:` for a log that is gone with its process; the simulator uses it. */
  readonly file: string;
  readonly clock: Clock;
  /** Most pages of 4 KiB; beyond it appends end in `store-full`. */
  readonly maxPages?: number;
};

/** The log, and how it has been doing: transactions, events, repeats, conflicts; pages read from memory and from the disk. */
export type SqliteEventStore = EventStore & {
  /** Gives the room of removed events back. Blocks the process, for seconds a gigabyte. */
  compact(): Promise<void>;
  readonly stats: Readonly<WriterStats & { memoryPages: number; diskPages: number }>;
};

const assertDistinct = (items: readonly AppendItem[]): void => {
  if (new Set(items.map((item) => item.stream)).size < items.length)
    throw new CarillonError('bad-request', 'A stream stands in the batch twice');
};

const createParts = (db: DatabaseSync, clock: Clock) => {
  const index = createEventIndex(db);
  const parts = { clock, kinds: createKinds(db), index, directory: createStreamDirectory(db, index), ring: createRing() };
  return { ring: parts.ring, writer: createEventWriter(db, parts), reader: createLogReader(db, parts) };
};

/**
 * The event store in one SQLite file. All of it runs on the caller's thread, in bounded steps; concurrent appends share a
 * transaction. One process at a time: take the folder with `lockFolder` first. Throws as `openDatabase` does.
 */
export const openSqliteEventStore = (options: SqliteEventStoreOptions): SqliteEventStore => {
  const { file, clock } = options;
  const limits = options.maxPages === undefined ? {} : { maxPages: options.maxPages };
  const db = openDatabase({ file, migrations: eventMigrations, synchronous: 'FULL', secureDelete: true, ...limits });
  // A process that died between an erasure and its end left the old pages in the WAL.
  guarded(file, () => emptyWal(db));
  const { ring, writer, reader } = guarded(file, () => createParts(db, clock));
  const bell = createBell();
  const stats = Object.assign(writer.stats, { memoryPages: 0, diskPages: 0 });

  const open = (): void => {
    if (!db.isOpen) throw new CarillonError('store-closed', `${file} is closed`);
  };
  const source: LogSource = {
    head() {
      open();
      return writer.head();
    },
    page(after, upTo, limit, filter) {
      const recent = ring.page(after, upTo, limit, filter);
      if (recent) stats.memoryPages++;
      else stats.diskPages++;
      return recent ? { ...recent, costly: false } : { ...guarded(file, () => reader.page(after, upTo, limit, filter)), costly: true };
    },
  };
  const group = createGroupCommit((groups) => guarded(file, () => writer.commit(groups)), bell.ring);
  const submit = (items: readonly AppendItem[]): Promise<readonly AppendResult[]> => {
    open();
    return group.submit(items.map(prepareItem));
  };
  /** What waits to be written goes first, so that calls take effect in their order. */
  const inOrder = (work: () => void): void => {
    open();
    group.flush();
    guarded(file, work);
    bell.ring();
  };

  return {
    stats,
    append: async (item) => (await submit([item]))[0] as AppendResult,
    async appendMany(items) {
      assertDistinct(items);
      return items.length === 0 ? [] : submit(items);
    },
    async read(stream, range = {}) {
      open();
      return guarded(file, () => reader.stream(stream, range));
    },
    readAll: (range) => readPages(source, range),
    subscribe: (range, signal) => subscribePages(source, bell, range, signal),
    async truncate(stream, before) {
      inOrder(() => writer.truncate(stream, before));
    },
    async erase(stream) {
      inOrder(() => writer.erase(stream));
      await purge(db, file);
    },
    async compact() {
      open();
      group.flush();
      await compact(db, file, `DELETE FROM events WHERE ${blankRows('body')} AND position < ${writer.head()}`);
    },
    async head() {
      const head = source.head();
      return head === 0 ? null : positionOf(head);
    },
    async close() {
      if (!db.isOpen) return;
      group.flush();
      db.close();
      bell.ring();
    },
  };
};
