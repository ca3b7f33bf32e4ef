import { fromMs, type Instant, plus, startOfUtcDay, toMs } from './instant.ts';
import { segmentAt } from './zone.ts';

/** Calendar periods that close: a day, an ISO week (Monday first), a month. */
export type PeriodKind = 'daily' | 'weekly' | 'monthly';

/** `key` is `2026-01-25`, `2026-W04` or `2026-01`; the period holds the instants before `endsAt`. */
export type Period = { readonly kind: PeriodKind; readonly key: string; readonly endsAt: Instant };

const dayMs = 86_400_000;
const longestDays = { daily: 2, weekly: 8, monthly: 32 } as const;

/** Days since the Monday of its week: 0 to 6. 1970-01-01 was a Thursday. */
const weekday = (dayStart: Instant): number => (toMs(dayStart) / dayMs + 3) % 7;

const isoWeek = (dayStart: Instant): string => {
  const thursday = plus(dayStart, (3 - weekday(dayStart)) * dayMs);
  const year = thursday.slice(0, 4);
  const week = 1 + Math.floor((toMs(thursday) - Date.UTC(Number(year), 0, 1)) / (7 * dayMs));
  return `${year}-W${String(week).padStart(2, '0')}`;
};

const keyOf = (kind: PeriodKind, day: string): string =>
  kind === 'weekly' ? isoWeek(`${day}T00:00:00.000Z` as Instant) : day.slice(0, kind === 'daily' ? 10 : 7);

const endInUtc = (kind: PeriodKind, at: Instant): Instant => {
  const start = startOfUtcDay(at);
  if (kind === 'daily') return plus(start, dayMs);
  if (kind === 'weekly') return plus(start, (7 - weekday(start)) * dayMs);
  return fromMs(Date.UTC(Number(at.slice(0, 4)), Number(at.slice(5, 7)), 1));
};

const localDay = (at: Instant, zone: string): string => plus(at, segmentAt(zone, toMs(at)).offset).slice(0, 10);

/** The first instant whose local period is another one. Local days never come back, so halving finds it. */
const endInZone = (kind: PeriodKind, at: Instant, zone: string, key: string): Instant => {
  let inside = toMs(at);
  let outside = inside + longestDays[kind] * dayMs;
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (keyOf(kind, localDay(fromMs(middle), zone)) === key) inside = middle;
    else outside = middle;
  }
  return fromMs(outside);
};

/**
 * The period that `at` falls in; an instant at a midnight belongs to the new one. Days are those of the zone: 23 or
 * 25 hours long where clocks change, and a day that a zone skipped is no period (checklist A, edge cases).
 */
export const periodAt = (kind: PeriodKind, at: Instant, zone = 'UTC'): Period => {
  if (zone === 'UTC') return { kind, key: keyOf(kind, at.slice(0, 10)), endsAt: endInUtc(kind, at) };
  const key = keyOf(kind, localDay(at, zone));
  return { kind, key, endsAt: endInZone(kind, at, zone, key) };
};

/** The period that begins where `endsAt` ends the one before. */
export const periodAfter = (period: Pick<Period, 'kind' | 'endsAt'>, zone = 'UTC'): Period => periodAt(period.kind, period.endsAt, zone);
