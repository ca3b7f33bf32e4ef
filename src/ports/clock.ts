import type { Instant } from '../core/instant.ts';

/** Time and identity: the only places where the outside world's clock and dice come in. */
export interface Clock {
  now(): Instant;
  /** Milliseconds that never go back, for durations. */
  monotonic(): number;
  /**
   * Why `now()` is not to be believed at the moment: it jumped ahead of the monotonic clock. Null, or absent, when it is. Meanwhile nothing
   * is settled, opened or taken in.
   */
  trouble?(): string | null;
  /** A person says that the clock is right. */
  confirm?(): void;
  /** Resolves at or after `at` by `now()`, at once when aborted. */
  sleepUntil(at: Instant, signal?: AbortSignal): Promise<void>;
  /** Resolves after `ms`, at once when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Ids {
  /** A fresh UUID v7. */
  next(): string;
}
