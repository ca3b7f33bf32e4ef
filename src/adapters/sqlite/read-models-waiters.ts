import type { Position } from '../../core/event.ts';

type Waiter = { readonly position: Position; done(): void };

/** Whoever waits for a projection to reach a position. */
export type Waiters = {
  /** Resolves when `reached` tells it, when aborted, and when all is closed. */
  wait(projection: string, position: Position, signal?: AbortSignal): Promise<void>;
  reached(projection: string, position: Position): void;
  close(): void;
};

export const createWaiters = (): Waiters => {
  const waiters = new Map<string, Set<Waiter>>();
  let closed = false;
  return {
    wait(projection, position, signal) {
      if (signal?.aborted || closed) return Promise.resolve();
      const waiting = waiters.get(projection) ?? new Set();
      waiters.set(projection, waiting);
      return new Promise((resolve) => {
        const done = (): void => {
          signal?.removeEventListener('abort', done);
          waiting.delete(waiter);
          resolve();
        };
        const waiter: Waiter = { position, done };
        signal?.addEventListener('abort', done);
        waiting.add(waiter);
      });
    },
    reached(projection, position) {
      for (const waiter of waiters.get(projection) ?? []) if (waiter.position <= position) waiter.done();
    },
    close() {
      closed = true;
      for (const waiting of waiters.values()) for (const waiter of waiting) waiter.done();
    },
  };
};
