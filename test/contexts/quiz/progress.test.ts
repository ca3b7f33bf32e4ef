import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../../src/contexts/quiz/progress/events.ts';
import { updateStreaks } from '../../../src/contexts/quiz/progress/job.ts';
import { progressDecider } from '../../../src/contexts/quiz/progress/progress.ts';
import { instant } from '../../../src/core/instant.ts';
import { given } from '../../../src/testing/given.ts';

const settings = { streakRule: '48-hours', zone: 'UTC', maxProtections: 2 };
const progress = progressDecider(settings);
const job = updateStreaks(progress, settings);
const quiz = { type: 'CompleteQuiz', data: { xp: 20 } } as const;
const buy = { type: 'BuyProtection', data: {} } as const;
const friday10 = '2026-01-23T10:00:00Z';
const mondayMidnight = '2026-01-26T00:00:00.000Z';
const broken = (previousStreak: number): ProgressEvent => ({ type: 'StreakBroken', data: { previousStreak } });
const protectedTo = (until: string, protectionsRemaining: number): ProgressEvent => ({
  type: 'StreakProtectionUsed',
  data: { until: instant(until), protectionsRemaining },
});
/** A player with a quiz on Thursday and one at Friday 10:00: a streak of 2. */
const player = () =>
  given(progress, [], job)
    .when(quiz, '2026-01-22T09:00:00Z')
    .then({ accepted: 'first-quiz-of-the-day' })
    .when(quiz, friday10)
    .then({ accepted: 'first-quiz-of-the-day' });

describe('B2: a streak grows once a UTC day', () => {
  it('grows with the first quiz of each day, XP with every one', () => {
    const at = instant('2026-01-24T23:59:00Z');
    const state = player()
      .when(quiz, at)
      .then([
        { type: 'QuizPlayed', data: { xp: 20, at } },
        { type: 'XpGained', data: { xp: 20, totalXp: 60, at } },
        { type: 'StreakIncremented', data: { streak: 3, longestStreak: 3 } },
      ]);
    const again = instant('2026-01-24T23:59:59.999Z');
    const same = state.when(quiz, again).then([
      { type: 'QuizPlayed', data: { xp: 20, at: again } },
      { type: 'XpGained', data: { xp: 20, totalXp: 80, at: again } },
    ]);
    expect(same.when(quiz, '2026-01-25T00:00:00Z').then({ accepted: 'first-quiz-of-the-day' }).state.streak).toBe(4);
  });
  it('a quiz without XP keeps the streak and gains nothing', () => {
    const at = instant('2026-01-24T08:00:00Z');
    player()
      .when({ ...quiz, data: { xp: 0 } }, at)
      .then([
        { type: 'QuizPlayed', data: { xp: 0, at } },
        { type: 'StreakIncremented', data: { streak: 3, longestStreak: 3 } },
      ]);
  });
});

describe('B2: a streak is decided at the first UTC midnight more than 48 hours after the last quiz (decision 1)', () => {
  it('is broken there, and the event tells the streak that was lost', () => {
    const after = player()
      .tick('2026-01-25T23:59:59.999Z')
      .then([])
      .tick(mondayMidnight)
      .then({
        accepted: 'streak-broken',
        events: [broken(2)],
        facts: { lastQuizAt: '2026-01-23T10:00:00.000Z', decidedAt: mondayMidnight },
      });
    expect(after.state).toMatchObject({ streak: 0, longestStreak: 2 });
    after.tick('2026-01-30T00:00:00Z').then([]);
  });
  it('a quiz after 48 hours but before that midnight keeps it', () => {
    expect(player().when(quiz, '2026-01-25T23:59:59.999Z').then({ accepted: 'first-quiz-of-the-day' }).state.streak).toBe(3);
  });
  it('a quiz at or after that midnight meets a broken one, tick or no tick', () => {
    const at = instant(mondayMidnight);
    player()
      .when(quiz, at)
      .then([
        broken(2),
        { type: 'QuizPlayed', data: { xp: 20, at } },
        { type: 'XpGained', data: { xp: 20, totalXp: 60, at } },
        { type: 'StreakIncremented', data: { streak: 1, longestStreak: 2 } },
      ]);
  });
  it('exactly 48 hours keep it: a quiz at a midnight is decided three days later', () => {
    given(progress, [], job)
      .when(quiz, '2026-01-24T00:00:00Z')
      .then({ accepted: 'first-quiz-of-the-day' })
      .tick('2026-01-26T00:00:00Z')
      .then([])
      .tick('2026-01-27T00:00:00Z')
      .then([broken(1)]);
    given(progress, [], job)
      .when(quiz, '2026-01-23T23:59:59.999Z')
      .then({ accepted: 'first-quiz-of-the-day' })
      .tick('2026-01-26T00:00:00Z')
      .then([broken(1)]);
  });
});

describe('B2: protections', () => {
  it('at most 2 are held', () => {
    player()
      .when(buy, '2026-01-23T11:00:00Z')
      .then([{ type: 'ProtectionPurchased', data: { protectionsRemaining: 1 } }])
      .when(buy, '2026-01-23T11:00:00Z')
      .then([{ type: 'ProtectionPurchased', data: { protectionsRemaining: 2 } }])
      .when(buy, '2026-01-23T11:00:00Z')
      .then({ rejected: 'protections-full', facts: { maxProtections: 2 } });
  });
  it('each saves one day; the days of an outage are decided in turn', () => {
    player()
      .when(buy, '2026-01-23T11:00:00Z')
      .then({ accepted: 'protection-bought' })
      .when(buy, '2026-01-23T11:01:00Z')
      .then({ accepted: 'protection-bought' })
      .tick('2026-02-01T12:00:00Z')
      .then([protectedTo('2026-01-27T00:00:00Z', 1), protectedTo('2026-01-28T00:00:00Z', 0), broken(2)]);
  });
  it('a quiz on the protected day goes on with the streak', () => {
    const saved = player()
      .when(buy, '2026-01-23T11:00:00Z')
      .then({ accepted: 'protection-bought' })
      .when(quiz, '2026-01-26T18:00:00Z')
      .then({ accepted: 'first-quiz-of-the-day' });
    expect(saved.state).toMatchObject({ streak: 3, protections: 0, protectedUntil: null });
    saved
      .tick('2026-01-28T00:00:00Z')
      .then([])
      .tick('2026-01-29T00:00:00Z')
      .then([broken(3)]);
  });
  it('is never retroactive: bought after the midnight it finds the streak broken', () => {
    player()
      .when(buy, '2026-01-26T00:00:00Z')
      .then([broken(2), { type: 'ProtectionPurchased', data: { protectionsRemaining: 1 } }]);
  });
});

describe('B2: the setting calendar-day (decision 1)', () => {
  const calendar = { ...settings, streakRule: 'calendar-day' };
  it('is broken when the last quiz is before yesterday', () => {
    const decider = progressDecider(calendar);
    given(decider, [], updateStreaks(decider, calendar))
      .when(quiz, friday10)
      .then({ accepted: 'first-quiz-of-the-day' })
      .tick('2026-01-24T23:59:59.999Z')
      .then([])
      .tick('2026-01-25T00:00:00Z')
      .then([broken(1)]);
  });
  it('days are those of the zone', () => {
    const paris = { ...calendar, zone: 'Europe/Paris' };
    const decider = progressDecider(paris);
    given(decider, [], updateStreaks(decider, paris))
      .when(quiz, friday10)
      .then({ accepted: 'first-quiz-of-the-day' })
      .when(quiz, '2026-01-23T22:59:59.999Z')
      .then({ accepted: 'quiz-completed' })
      .when(quiz, '2026-01-23T23:00:00Z')
      .then({ accepted: 'first-quiz-of-the-day' });
  });
});
