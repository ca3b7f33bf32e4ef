import { durationMs, type Instant, plus } from './instant.ts';
import type { Backoff } from './job.ts';

/** When try number `attempt + 1` may start, after try number `attempt` (from 1) ended at `at`. */
export const nextAttemptAt = (backoff: Backoff, attempt: number, at: Instant): Instant => {
  const first = durationMs(backoff.first);
  const wait = backoff.kind === 'constant' ? first : first * 2 ** Math.min(attempt - 1, 40);
  return plus(at, Math.min(wait, durationMs(backoff.max ?? '1h')));
};
