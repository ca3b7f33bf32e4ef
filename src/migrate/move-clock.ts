import type { Instant } from '../core/instant.ts';
import type { Clock } from '../ports/clock.ts';

/** The clock of a store that takes events of the past: it says when the event at hand was recorded. Waiting takes real time. */
export type MoveClock = Clock & { stand(at: Instant): void };

export const createMoveClock = (clock: Clock): MoveClock => {
  let standing: Instant | null = null;
  return {
    now: () => standing ?? clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    sleepUntil: (at, signal) => clock.sleepUntil(at, signal),
    stand: (at) => {
      standing = at;
    },
  };
};
