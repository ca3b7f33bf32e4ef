import type { AppendResult } from '../../ports/event-store.ts';
import type { PreparedItem } from './event-writer.ts';

export type GroupCommit = {
  /** Resolves when it is durable, together with whatever else came in the same turn of the event loop. */
  submit(items: readonly PreparedItem[]): Promise<readonly AppendResult[]>;
  /** Writes what waits, now. */
  flush(): void;
};

type Request = {
  readonly items: readonly PreparedItem[];
  readonly resolve: (results: readonly AppendResult[]) => void;
  readonly reject: (error: unknown) => void;
};

/** Items in one transaction, one larger request excepted: a transaction holds the whole process up. */
const maxItems = 4096;

/**
 * Lets concurrent appends share one transaction and one fsync. When a shared transaction fails, each request gets one of
 * its own, so that a large one that no longer fits does not take the others down.
 */
export const createGroupCommit = (
  commit: (groups: readonly (readonly PreparedItem[])[]) => AppendResult[][],
  committed: () => void,
): GroupCommit => {
  const waiting: Request[] = [];
  let scheduled = false;

  const commitOne = (request: Request): void => {
    try {
      const [results] = commit([request.items]);
      request.resolve(results ?? []);
    } catch (error) {
      request.reject(error);
    }
  };
  const commitAll = (group: readonly Request[]): void => {
    if (group.length > 1) {
      try {
        const results = commit(group.map((request) => request.items));
        for (const [index, request] of group.entries()) request.resolve(results[index] ?? []);
        return;
      } catch {
        // Nothing of it was written. One by one below.
      }
    }
    for (const request of group) commitOne(request);
  };
  const takeGroup = (): Request[] => {
    let items = 0;
    let count = 0;
    while (count < waiting.length && (count === 0 || items + (waiting[count]?.items.length ?? 0) <= maxItems))
      items += waiting[count++]?.items.length ?? 0;
    return waiting.splice(0, count);
  };
  const schedule = (): void => {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (waiting.length === 0) return;
      commitAll(takeGroup());
      committed();
      schedule();
    });
  };
  return {
    submit: (items) =>
      new Promise((resolve, reject) => {
        waiting.push({ items, resolve, reject });
        schedule();
      }),
    flush() {
      if (waiting.length === 0) return;
      while (waiting.length > 0) commitAll(takeGroup());
      committed();
    },
  };
};
