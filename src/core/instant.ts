import { CarillonError } from './errors.ts';

/** ISO-8601 UTC with milliseconds, for example `2026-01-25T00:00:00.000Z`: sorts as text, is JSON. */
export type Instant = string & { readonly __brand: 'Instant' };

/** A length of time as text: `500ms`, `2s`, `30m`, `48h`, `90d`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const shape = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads an instant written by a person or another program. Throws `instant-invalid`. */
export const instant = (text: string): Instant => {
  const ms = shape.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new CarillonError('instant-invalid', `"${text.slice(0, 40)}" is not an instant`);
  return fromMs(ms);
};

/** Milliseconds since 1970 to an instant. */
export const fromMs = (ms: number): Instant => new Date(ms).toISOString() as Instant;

/** An instant to milliseconds since 1970. */
export const toMs = (at: Instant): number => Date.parse(at);

/** `at` moved by `ms`, which may be negative. */
export const plus = (at: Instant, ms: number): Instant => fromMs(toMs(at) + ms);

/** The first instant after `at`: for a rule that says "later than", not "at". */
export const justAfter = (at: Instant): Instant => plus(at, 1);

export const later = (a: Instant, b: Instant): Instant => (a > b ? a : b);
export const earlier = (a: Instant, b: Instant): Instant => (a < b ? a : b);

/** Midnight UTC at or before `at`. */
export const startOfUtcDay = (at: Instant): Instant => `${at.slice(0, 10)}T00:00:00.000Z` as Instant;

/** A duration in milliseconds. Throws `duration-invalid`. */
export const durationMs = (duration: Duration): number => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  if (!match) throw new CarillonError('duration-invalid', `"${String(duration).slice(0, 40)}" is not a duration`);
  return Number(match[1]) * unit[match[2] as keyof typeof unit];
};
