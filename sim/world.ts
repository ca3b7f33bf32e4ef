import { fromMs, type Instant } from '../src/core/instant.ts';
import type { Prng } from './prng.ts';

type Item = { readonly at: number; readonly tie: number; readonly run: () => void };

const before = (a: Item, b: Item): boolean => a.at < b.at || (a.at === b.at && a.tie < b.tie);

const createHeap = () => {
  const items: Item[] = [];
  return {
    peek: (): Item | undefined => items[0],
    push: (item: Item): void => {
      let index = items.push(item) - 1;
      while (index > 0) {
        const parent = (index - 1) >> 1;
        if (before(items[parent]!, item)) break;
        items[index] = items[parent]!;
        index = parent;
      }
      items[index] = item;
    },
    pop: (): Item | undefined => {
      const top = items[0];
      const last = items.pop();
      if (top === undefined || last === undefined || items.length === 0) return top;
      let index = 0;
      for (;;) {
        let least = index * 2 + 1;
        if (least >= items.length) break;
        if (least + 1 < items.length && before(items[least + 1]!, items[least]!)) least++;
        if (before(last, items[least]!)) break;
        items[index] = items[least]!;
        index = least;
      }
      items[index] = last;
      return top;
    },
  };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Virtual time: a heap of what happens next, by instant and a seeded tie-break. Nothing in it waits for real time. */
export type World = {
  readonly startMs: number;
  nowMs(): number;
  now(): Instant;
  at(ms: number, run: () => void): void;
  after(ms: number, run: () => void): void;
  sleep(ms: number): Promise<void>;
  /** Real calls under way (the store's commit waits for a turn of the event loop): time stands still for them. */
  readonly busy: { count: number };
  /** Port calls since time last moved: a loop that never lets it move is a defect. */
  readonly spin: { count: number };
  /** Runs until `endMs`, or until `stop` says so, which is asked after each step. */
  run(endMs: number, stop?: () => boolean): Promise<void>;
  readonly steps: { count: number };
};

export const createWorld = (start: Instant, ties: Prng): World => {
  const heap = createHeap();
  const startMs = Date.parse(start);
  let nowMs = startMs;
  const busy = { count: 0 };
  const spin = { count: 0 };
  const steps = { count: 0 };
  const at = (ms: number, run: () => void): void => heap.push({ at: Math.max(nowMs, Math.ceil(ms)), tie: ties.next(), run });
  const settle = async (): Promise<void> => {
    do await turn();
    while (busy.count > 0);
  };
  return {
    startMs,
    nowMs: () => nowMs,
    now: () => fromMs(nowMs),
    at,
    after: (ms, run) => at(nowMs + ms, run),
    sleep: (ms) => new Promise((resolve) => at(nowMs + ms, resolve)),
    busy,
    spin,
    steps,
    run: async (endMs, stop) => {
      await settle();
      while (!stop?.()) {
        const next = heap.peek();
        if (next === undefined || next.at > endMs) {
          nowMs = Math.max(nowMs, endMs);
          return;
        }
        heap.pop();
        if (next.at > nowMs) spin.count = 0;
        nowMs = next.at;
        steps.count++;
        next.run();
        await settle();
      }
    },
  };
};
