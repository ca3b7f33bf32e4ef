import type { Clock } from '../../ports/clock.ts';
import type { Connection } from './connection.ts';
import { isUnknownOutcome } from './errors.ts';

/** How long one call is tried, and the pauses between the tries. */
const patienceMs = 8000;
const firstPauseMs = 50;
const longestPauseMs = 1000;

/** Does a call; sends the very same again while its outcome is unknown, which the server takes as a repeat. */
export type Patiently = <T>(call: () => Promise<T>) => Promise<T>;

export const createPatience =
  ({ assertOpen, closing }: Connection, clock: Clock): Patiently =>
  async (call) => {
    const end = clock.monotonic() + patienceMs;
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
      assertOpen();
      try {
        return await call();
      } catch (error) {
        assertOpen();
        if (!isUnknownOutcome(error) || clock.monotonic() + pause > end) throw error;
        await clock.sleep(pause, closing);
      }
    }
  };
