import { type Instant, plus } from '../../../core/instant.ts';
import { periodAt } from '../../../core/period.ts';
import type { ProgressState } from './events.ts';

/**
 * 48-hours: decided at the first midnight more than 48 hours after the last quiz, so exactly 48 hours keep a streak
 * (decision 1). calendar-day: decided at the end of the day after the last quiz's day. Midnights are those of `zone`.
 */
export type StreakSettings = { readonly streakRule: string; readonly zone: string };

export const streakRules: readonly string[] = ['48-hours', 'calendar-day'];

const twoDays = 48 * 3_600_000;

/** The first midnight after `at`. */
export const nextMidnight = (at: Instant, zone: string): Instant => periodAt('daily', at, zone).endsAt;

/** The midnight at which this player's streak is protected or broken; null without a streak. */
export const decidedAt = ({ streak, lastQuizAt, protectedUntil }: ProgressState, { streakRule, zone }: StreakSettings): Instant | null => {
  if (streak === 0 || lastQuizAt === null) return null;
  if (protectedUntil !== null) return protectedUntil;
  const grace = streakRule === '48-hours' ? plus(lastQuizAt, twoDays) : nextMidnight(lastQuizAt, zone);
  return nextMidnight(grace, zone);
};

/** Whether the streak has counted the day of `at` already: it grows once a day. */
export const countedDay = ({ streak, lastQuizAt }: ProgressState, at: Instant, zone: string): boolean =>
  streak > 0 && lastQuizAt !== null && at < nextMidnight(lastQuizAt, zone);
