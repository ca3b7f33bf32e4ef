import { type Instant, plus } from '../core/instant.ts';
import { hash32 } from '../core/partition.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Waits after each failed try: ten tries in three days. */
const waits = [5_000, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 9 * hour, 14 * hour, 19 * hour, 22 * hour] as const;

export const deliveryAttempts = waits.length + 1;
/** At most a tenth longer, so that what failed together does not come back together. */
const jitter = 0.1;
/** No answer can put off the next try for longer. */
const maxRetryAfterMs = 24 * hour;

/**
 * When try number `attempt` (from 1), which failed at `now`, may be made again. `retryAfterMs` is what the endpoint asked for, or
 * null; it never makes the wait shorter. The jitter is computed from `key`, so the same delivery gives the same instant.
 */
export const retryAt = (key: string, attempt: number, now: Instant, retryAfterMs: number | null): Instant => {
  const wait = waits[Math.min(attempt, waits.length) - 1] ?? waits[0];
  const spread = (hash32(`${key} ${attempt}`) / 2 ** 32) * jitter;
  const asked = Math.min(retryAfterMs ?? 0, maxRetryAfterMs);
  return plus(now, Math.round(Math.max(wait, asked) * (1 + spread)));
};

/** Reads a Retry-After header, seconds or an HTTP date, as milliseconds; null when it says nothing usable. */
export const readRetryAfter = (text: string | null, now: number): number | null => {
  if (text === null) return null;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : null;
};
