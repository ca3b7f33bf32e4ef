import { fromMs, toMs } from '../src/core/instant.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

/** The clock of one life of a process: virtual, off by `skew()` milliseconds; `monotonic` is not. */
export const clockOf = (world: World, life: Life, skew: () => number): Clock => {
  const until = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        signal?.removeEventListener('abort', done);
        life.enter(resolve);
      };
      signal?.addEventListener('abort', done);
      world.at(ms, done);
    });
  return {
    now: () => fromMs(world.nowMs() + skew()),
    monotonic: () => world.nowMs() - world.startMs,
    sleep: (ms, signal) => until(world.nowMs() + ms, signal),
    sleepUntil: async (at, signal) => {
      while (world.nowMs() + skew() < toMs(at) && !signal?.aborted) await until(toMs(at) - skew(), signal);
    },
  };
};
