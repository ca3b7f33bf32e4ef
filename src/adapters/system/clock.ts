import { fromMs, type Instant, toMs } from '../../core/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createJumpWatch } from './jump.ts';

/** A wait shorter than this has a timer of its own; a longer one is looked at by the heartbeat. */
const nearMs = 1500;
/** setTimeout fires at once when it is given more. */
const longestTimerMs = 2 ** 31 - 1;

/** Waits on the monotonic clock. The timer never keeps the process alive. */
const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = performance.now() + ms;
    let timer: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const arm = (): void => {
      const left = end - performance.now();
      if (left <= 0) done();
      else timer = setTimeout(arm, Math.min(Math.ceil(left), longestTimerMs)).unref();
    };
    signal?.addEventListener('abort', done);
    arm();
  });

/** The clock of the machine. Far instants are woken for by a once-a-second heartbeat, so a clock that is set does not strand them. */
export const createSystemClock = (): Clock => {
  const sleepers = new Set<() => void>();
  const heartbeat = createHeartbeat(() => {
    for (const look of [...sleepers]) look();
  });

  /** Resolves when `at` is near, or past, or when aborted. */
  const untilNear = (at: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        sleepers.delete(look);
        signal?.removeEventListener('abort', done);
        if (sleepers.size === 0) heartbeat.stop();
        resolve();
      };
      const look = (): void => {
        if (at - Date.now() < nearMs) done();
      };
      sleepers.add(look);
      signal?.addEventListener('abort', done);
      heartbeat.start();
    });

  const sleepUntil = async (at: Instant, signal?: AbortSignal): Promise<void> => {
    const end = toMs(at);
    // The clock may have been set back while it waited: it looks again until the instant is there.
    for (let left = end - Date.now(); left > 0 && !signal?.aborted; left = end - Date.now()) {
      if (left < nearMs) await wait(left, signal);
      else await untilNear(end, signal);
    }
  };

  const jumps = createJumpWatch(
    () => Date.now(),
    () => performance.now(),
  );
  return { now: () => fromMs(Date.now()), monotonic: () => performance.now(), sleep: wait, sleepUntil, ...jumps };
};
