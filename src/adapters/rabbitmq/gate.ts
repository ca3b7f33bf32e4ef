import type { Clock } from '../../ports/clock.ts';

/** Hands out a value that comes and goes. */
export type Gate<T> = {
  /** The value when it is there, else when it comes. Rejects when the gate has failed. */
  wait(): Promise<T>;
  now(): T | null;
  open(value: T): void;
  shut(): void;
  /** For good. */
  fail(error: Error): void;
};

const fresh = <T>(): PromiseWithResolvers<T> => {
  const deferred = Promise.withResolvers<T>();
  // Nobody may be waiting when it fails.
  deferred.promise.catch(() => undefined);
  return deferred;
};

export const createGate = <T>(): Gate<T> => {
  let next = fresh<T>();
  let value: T | null = null;
  let failed = false;
  return {
    wait: () => next.promise,
    now: () => value,
    open(given) {
      if (failed) return;
      if (value !== null) next = fresh();
      value = given;
      next.resolve(given);
    },
    shut() {
      if (failed || value === null) return;
      value = null;
      next = fresh();
    },
    fail(error) {
      if (failed) return;
      failed = true;
      if (value !== null) next = fresh();
      value = null;
      next.reject(error);
    },
  };
};

/** What `promise` gives, or `late()` thrown after `ms`. */
export const within = async <T>(clock: Clock, ms: number, promise: Promise<T>, late: () => Error): Promise<T> => {
  const done = new AbortController();
  const limit = clock.sleep(ms, done.signal).then(() => {
    if (!done.signal.aborted) throw late();
    return promise;
  });
  limit.catch(() => undefined);
  try {
    return await Promise.race([promise, limit]);
  } finally {
    done.abort();
  }
};
