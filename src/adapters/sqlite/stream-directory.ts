import type { DatabaseSync } from 'node:sqlite';
import type { StreamName } from '../../core/event.ts';
import { hash32 } from '../../core/partition.ts';
import { createBulkIndex } from './bulk-index.ts';
import { createBulkInsert } from './bulk-insert.ts';
import type { EventIndex } from './event-index.ts';
import { createNameFilter } from './name-filter.ts';
import { createRecent } from './recent.ts';

/** Where a stream stands: `revision` is -1 before its first event. Only the writer changes it, inside its transaction. */
export type StreamHead = { readonly id: number; readonly name: StreamName; revision: number; erased: boolean };

export type StreamDirectory = {
  find(name: StreamName): StreamHead | null;
  /** Inside a transaction. */
  create(name: StreamName): StreamHead;
  /** Writes the streams created in this transaction. */
  flush(): void;
  /** Indexes up to `count` new names. Inside a transaction. */
  step(count: number): void;
  /** Forgets what it holds in memory: at the start and after a rollback. */
  reload(): void;
};

/** Heads held in memory, and as many of the generation before. */
const recentHeads = 100_000;

/** Signed, so that it fits into four bytes of the index. */
const hashOf = (name: string): number => hash32(name) | 0;

const prepareStatements = (db: DatabaseSync) => {
  const candidates = db.prepare('SELECT s.id, s.name, s.erased FROM stream_index i JOIN streams s ON s.id = i.id WHERE i.hash = ?');
  candidates.setReturnArrays(true);
  return {
    candidates,
    erased: db.prepare('SELECT erased FROM streams WHERE id = ?'),
    unindexed: db.prepare('SELECT id, name FROM streams WHERE id > ? ORDER BY id'),
    last: db.prepare('SELECT max(id) AS id FROM streams'),
  };
};

/** Finds streams by name. */
export const createStreamDirectory = (db: DatabaseSync, events: EventIndex): StreamDirectory => {
  const sql = prepareStatements(db);
  const rows = createBulkInsert(db, 'INSERT INTO streams (id, name)', 2);
  const hashes = createBulkInsert(db, 'INSERT OR IGNORE INTO stream_index (hash, id)', 2);
  const filter = createNameFilter(db);
  const heads = createRecent<StreamName, StreamHead>(recentHeads);
  const unindexed = new Map<StreamName, number>();
  let lastId = 0;

  const bulk = createBulkIndex(db, {
    name: 'streams',
    write: ({ key, mark }) => hashes.add(key, mark),
    flush: hashes.flush,
    written(_entries, upTo) {
      for (const [name, id] of unindexed) {
        if (id > upTo) break;
        unindexed.delete(name);
      }
    },
  });
  const remember = (name: StreamName, id: number): void => {
    const hash = hashOf(name);
    unindexed.set(name, id);
    filter.add(hash);
    bulk.add({ key: hash, rank: id, mark: id });
  };
  const findIndexed = (name: StreamName, hash: number): { id: number; erased: boolean } | null => {
    // Names may share a hash.
    const candidates = sql.candidates.all(hash) as unknown as [id: number, name: string, erased: number][];
    const found = candidates.find((candidate) => candidate[1] === name);
    return found ? { id: found[0], erased: found[2] === 1 } : null;
  };
  const lookUp = (name: StreamName, hash: number): { id: number; erased: boolean } | null => {
    const id = unindexed.get(name);
    return id === undefined ? findIndexed(name, hash) : { id, erased: sql.erased.get(id)?.erased === 1 };
  };

  return {
    find(name) {
      const hash = hashOf(name);
      if (!filter.mayHave(hash)) return null;
      const recent = heads.get(name);
      if (recent) return recent;
      const found = lookUp(name, hash);
      if (!found) return null;
      const head = { ...found, name, revision: events.headOf(found.id) };
      heads.set(name, head);
      return head;
    },
    create(name) {
      const head = { id: ++lastId, name, revision: -1, erased: false };
      rows.add(head.id, name);
      remember(name, head.id);
      heads.set(name, head);
      return head;
    },
    flush: rows.flush,
    step: bulk.step,
    reload() {
      rows.clear();
      hashes.clear();
      heads.clear();
      unindexed.clear();
      bulk.reload();
      for (const row of sql.unindexed.iterate(bulk.upTo)) remember(row.name as StreamName, row.id as number);
      lastId = Number(sql.last.get()?.id ?? 0);
    },
  };
};
