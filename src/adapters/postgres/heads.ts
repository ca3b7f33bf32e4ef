import { setTimeout as wait } from 'node:timers/promises';

/** How far the log can be read without a hole that an append in flight may still fill. */
export type Heads = {
  /** The newest safe position of this moment, 0 when the log is empty. */
  read(): Promise<number>;
  /** A safe position beyond `after`, null when aborted. Rejects when the server goes and when `fail` is called. */
  beyond(after: number, signal: AbortSignal): Promise<number | null>;
  /** Something was appended, here or elsewhere. */
  poke(): void;
  /** Ends all waiting. */
  fail(error: unknown): void;
};

type Waiter = { readonly after: number; resolve(head: number | null): void; reject(error: unknown): void };

/** How long others' appends may stay unseen when nobody tells of them, and the least time between two looks. */
const lookMs = 100;
const leastMs = 1;

/** One look for all who wait: when something was appended, and every now and then. */
export const createHeads = (read: () => Promise<number>): Heads => {
  const waiters = new Set<Waiter>();
  let known = 0;
  let looking = false;
  let poked = new AbortController();

  const settle = (which: (waiter: Waiter) => boolean, answer: (waiter: Waiter) => void): void => {
    for (const waiter of [...waiters].filter(which)) {
      waiters.delete(waiter);
      answer(waiter);
    }
  };
  const fail = (error: unknown): void =>
    settle(
      () => true,
      (waiter) => waiter.reject(error),
    );
  const look = async (): Promise<void> => {
    while (waiters.size > 0) {
      poked = new AbortController();
      const { signal } = poked;
      known = await read();
      settle(
        (waiter) => known > waiter.after,
        (waiter) => waiter.resolve(known),
      );
      if (waiters.size === 0) return;
      await wait(leastMs);
      await wait(lookMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const start = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    await look().catch(fail);
    looking = false;
    if (waiters.size > 0) await start();
  };

  return {
    read,
    fail,
    poke: () => poked.abort(),
    async beyond(after, signal) {
      if (signal.aborted) return null;
      if (known > after) return known;
      const { promise, resolve, reject } = Promise.withResolvers<number | null>();
      const waiter: Waiter = { after, resolve, reject };
      const abort = (): void => {
        waiters.delete(waiter);
        resolve(null);
      };
      signal.addEventListener('abort', abort);
      waiters.add(waiter);
      void start();
      try {
        return await promise;
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
  };
};
