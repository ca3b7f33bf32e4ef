import type { DatabaseSync } from 'node:sqlite';
import { createBulkIndex, type Entry } from './bulk-index.ts';
import { createBulkInsert } from './bulk-insert.ts';

/** A place in a stream (`key`, `rank` is the revision) and in the log (`mark` is the position). */
export type Place = Entry;

export type EventIndex = {
  /** The last revision of a stream, -1 when it has none. */
  headOf(stream: number): number;
  /** Everything behind this position is in `recent`, everything up to it in the table `event_index`. */
  readonly upTo: number;
  /** The places of a stream that are not in the table yet, in order. */
  recent(stream: number): readonly Place[];
  /** The positions of revisions `first` to `last`. */
  positions(stream: number, first: number, last: number): number[];
  add(stream: number, revision: number, position: number): void;
  /** Inside a transaction, as all that changes. */
  step(count: number): void;
  finish(): void;
  reload(): void;
};

const none: readonly Place[] = [];

/** Finds the events of a stream. */
export const createEventIndex = (db: DatabaseSync): EventIndex => {
  // What a crash left half indexed is written again.
  const places = createBulkInsert(db, 'INSERT OR IGNORE INTO event_index (stream, revision, position)', 3);
  const head = db.prepare('SELECT revision FROM event_index WHERE stream = ? ORDER BY revision DESC LIMIT 1');
  const range = db.prepare(
    'SELECT position FROM event_index WHERE stream = ? AND revision BETWEEN ? AND ? AND position <= ? ORDER BY revision',
  );
  const unindexed = db.prepare('SELECT stream, revision, position FROM events WHERE position > ? ORDER BY position');
  for (const statement of [head, range, unindexed]) statement.setReturnArrays(true);
  const tails = new Map<number, Place[]>();

  const bulk = createBulkIndex(db, {
    name: 'events',
    write: ({ key, rank, mark }) => places.add(key, rank, mark),
    flush: places.flush,
    written(entries, upTo) {
      for (const [at, { key: stream }] of entries.entries()) {
        // Sorted by stream, and looked at once for each.
        if (entries[at - 1]?.key === stream) continue;
        const left = (tails.get(stream) ?? none).filter((place) => place.mark > upTo);
        if (left.length > 0) tails.set(stream, left);
        else tails.delete(stream);
      }
    },
  });
  const add = (stream: number, revision: number, position: number): void => {
    const place = { key: stream, rank: revision, mark: position };
    const tail = tails.get(stream);
    if (tail) tail.push(place);
    else tails.set(stream, [place]);
    bulk.add(place);
  };

  return {
    get upTo() {
      return bulk.upTo;
    },
    headOf(stream) {
      const last = tails.get(stream)?.at(-1);
      if (last) return last.rank;
      const row = head.get(stream) as unknown as [number] | undefined;
      return row?.[0] ?? -1;
    },
    recent: (stream) => tails.get(stream) ?? none,
    positions(stream, first, last) {
      const rows = range.all(stream, first, last, bulk.upTo) as unknown as [number][];
      const recent = (tails.get(stream) ?? none).filter((place) => place.rank >= first && place.rank <= last);
      return [...rows.map(([position]) => position), ...recent.map((place) => place.mark)];
    },
    add,
    step: bulk.step,
    finish: bulk.finish,
    reload() {
      tails.clear();
      places.clear();
      bulk.reload();
      for (const row of unindexed.iterate(bulk.upTo) as unknown as Iterable<[number, number, number]>) add(row[0], row[1], row[2]);
    },
  };
};
