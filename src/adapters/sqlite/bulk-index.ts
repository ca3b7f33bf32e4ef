import type { DatabaseSync } from 'node:sqlite';

/** Something to be indexed: `mark` grows with each entry, `key` and then `rank` are the order of the index. */
export type Entry = { readonly mark: number; readonly key: number; readonly rank: number };

/**
 * Writing an index entry at once dirties a page of its own for each event. So new entries stay in memory; when there are
 * enough of them they are sorted and written a few at each commit, neighbours together: a tenth of the pages. `indexed`
 * holds the mark up to which the index is complete, and a restart reads back what lies behind it.
 */
export type BulkIndex = {
  /** Complete up to this mark; what lies behind it is in memory. */
  readonly upTo: number;
  add(entry: Entry): void;
  /** Writes up to `count` entries, when enough are waiting. Inside a transaction. */
  step(count: number): void;
  /** Writes all of them. Inside a transaction. */
  finish(): void;
  /** Starts again from what the file has: at the start and after a rollback. */
  reload(): void;
};

type Options = {
  readonly name: 'streams' | 'events';
  readonly write: (entry: Entry) => void;
  /** Writes what `write` holds back. */
  readonly flush: () => void;
  /** Entries that are in the index now. */
  readonly written: (entries: readonly Entry[], upTo: number) => void;
};

/** Entries that are sorted together; a restart reads back up to twice as many. */
const runLength = 32_768;

export const createBulkIndex = (db: DatabaseSync, { name, write, flush, written }: Options): BulkIndex => {
  const readMark = db.prepare('SELECT up_to FROM indexed WHERE name = ?');
  const setMark = db.prepare('UPDATE indexed SET up_to = ? WHERE name = ?');
  let upTo = 0;
  let waiting: Entry[] = [];
  let run: Entry[] = [];
  let done = 0;

  const startRun = (): void => {
    run = waiting.sort((a, b) => a.key - b.key || a.rank - b.rank);
    waiting = [];
    done = 0;
  };
  const endRun = (): void => {
    upTo = run.reduce((most, entry) => Math.max(most, entry.mark), upTo);
    setMark.run(upTo, name);
    written(run, upTo);
    run = [];
  };
  const step = (count: number): void => {
    if (run.length === 0) {
      if (waiting.length < runLength) return;
      startRun();
    }
    for (const end = Math.min(done + count, run.length); done < end; done++) write(run[done] as Entry);
    flush();
    if (done === run.length) endRun();
  };
  return {
    get upTo() {
      return upTo;
    },
    add(entry) {
      waiting.push(entry);
    },
    step,
    finish() {
      if (run.length > 0) step(run.length);
      if (waiting.length === 0) return;
      startRun();
      step(run.length);
    },
    reload() {
      upTo = Number(readMark.get(name)?.up_to ?? 0);
      waiting = [];
      run = [];
    },
  };
};
