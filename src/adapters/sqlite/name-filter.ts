import type { DatabaseSync } from 'node:sqlite';

/** Knows of most new names that they are new, without asking the index. */
export type NameFilter = {
  /** False: no stream has this hash. True: ask the index. */
  mayHave(hash: number): boolean;
  add(hash: number): void;
};

/** 2^24 bits, 2 MiB: one new name in seventeen is asked for in vain at a million streams. */
const bits = 24;
const chunk = 20_000;

/**
 * One bit for each hash in use. It is filled from the index in the background after the start, a chunk for each turn of
 * the event loop; until then it answers "ask the index".
 */
export const createNameFilter = (db: DatabaseSync): NameFilter => {
  const seen = new Uint32Array(2 ** (bits - 5));
  const next = db.prepare('SELECT hash, id FROM stream_index WHERE (hash, id) > (?, ?) ORDER BY hash, id LIMIT ?');
  next.setReturnArrays(true);
  let complete = false;

  const placeOf = (hash: number): number => hash >>> (32 - bits);
  const add = (hash: number): void => {
    const place = placeOf(hash);
    seen[place >>> 5] = (seen[place >>> 5] ?? 0) | (1 << (place & 31));
  };
  const fill = (after: readonly [hash: number, id: number]): void => {
    if (!db.isOpen) return;
    const rows = next.all(after[0], after[1], chunk) as unknown as [number, number][];
    for (const [hash] of rows) add(hash);
    const last = rows.at(-1);
    if (rows.length < chunk || !last) complete = true;
    else setImmediate(fillSafely, last);
  };
  /** A file that cannot be read shows itself to whoever reads it next; the filter only stays incomplete. */
  const fillSafely = (after: readonly [hash: number, id: number]): void => {
    try {
      fill(after);
    } catch {
      complete = false;
    }
  };
  fillSafely([Number.MIN_SAFE_INTEGER, 0]);
  return {
    add,
    mayHave(hash) {
      const place = placeOf(hash);
      return !complete || ((seen[place >>> 5] ?? 0) & (1 << (place & 31))) !== 0;
    },
  };
};
