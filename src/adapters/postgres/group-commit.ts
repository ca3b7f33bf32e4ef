import type { AppendResult } from '../../ports/event-store.ts';
import { nextGroup } from './next-group.ts';
import type { PreparedItem } from './prepared-item.ts';

/** Appends items of distinct streams in one transaction; the results are in their order. */
export type CommitItems = (items: readonly PreparedItem[]) => Promise<readonly AppendResult[]>;

export type GroupCommit = {
  /** Resolves when it is durable, together with whatever else waited. Appends to one stream go one after the other. */
  submit(items: readonly PreparedItem[]): Promise<readonly AppendResult[]>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
};

type Request = {
  readonly items: readonly PreparedItem[];
  readonly size: number;
  readonly resolve: (results: readonly AppendResult[]) => void;
  readonly reject: (error: unknown) => void;
};

/** Statements in flight, and the items that are worth another one: few go faster together with the next than beside this one. */
const lanes = 3;
const worthALane = 256;

/**
 * Lets concurrent appends share one statement and one fsync. `mayStandAlone` says of an error that nothing was written for a
 * reason that may lie in one request only: then each gets a statement of its own.
 */
export const createGroupCommit = (commit: CommitItems, mayStandAlone: (error: unknown) => boolean): GroupCommit => {
  let waiting: Request[] = [];
  const busy = new Set<string>();
  const idlers: (() => void)[] = [];
  let running = 0;
  let scheduled = false;

  const commitOne = async ({ items, resolve, reject }: Request): Promise<void> => commit(items).then(resolve, reject);
  const commitGroup = async (group: readonly Request[]): Promise<void> => {
    if (group.length === 1) return commitOne(group[0]!);
    try {
      const results = await commit(group.flatMap((request) => request.items));
      let from = 0;
      for (const { items, resolve } of group) {
        resolve(results.slice(from, from + items.length));
        from += items.length;
      }
    } catch (error) {
      for (const request of group) {
        if (mayStandAlone(error)) await commitOne(request);
        else request.reject(error);
      }
    }
  };
  const countItems = (): number => waiting.reduce((count, request) => count + request.items.length, 0);
  const pump = (): void => {
    while (waiting.length > 0 && (running === 0 || (running < lanes && countItems() >= worthALane))) {
      const { group, rest } = nextGroup(waiting, busy);
      if (group.length === 0) break;
      waiting = rest;
      const streams = group.flatMap((request) => request.items.map(({ stream }) => stream));
      for (const stream of streams) busy.add(stream);
      running++;
      void commitGroup(group).finally(() => {
        running--;
        for (const stream of streams) busy.delete(stream);
        pump();
      });
    }
    if (running === 0 && waiting.length === 0) for (const done of idlers.splice(0)) done();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      pump();
    });
  };

  return {
    submit: (items) =>
      new Promise((resolve, reject) => {
        waiting.push({ items, size: items.reduce((size, item) => size + item.size, 0), resolve, reject });
        schedule();
      }),
    idle: () => (running === 0 && waiting.length === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
};
