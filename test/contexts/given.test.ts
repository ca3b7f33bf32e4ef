import { describe, expect, it } from 'vitest';
import { updateStreaks } from '../../src/contexts/quiz/progress/job.ts';
import { progressDecider } from '../../src/contexts/quiz/progress/progress.ts';
import { given } from '../../src/testing/given.ts';

const settings = { streakRule: '48-hours', zone: 'UTC', maxProtections: 0 };
const progress = progressDecider(settings);
const job = updateStreaks(progress, settings);
const quiz = { type: 'CompleteQuiz', data: { xp: 0 } } as const;
const played = () => given(progress, [], job).when(quiz, '2026-01-23T10:00Z');
const bought = () => given(progress).when({ type: 'BuyProtection', data: {} }, '2026-01-23T10:00Z');

describe('given, when, then fails a test that expects something else', () => {
  it('other events, or none', () => {
    expect(() => played().then([])).toThrow();
    expect(() => played().then([{ type: 'StreakBroken', data: { previousStreak: 1 } }])).toThrow();
  });
  it('another rule, another outcome, other facts', () => {
    expect(() => played().then({ accepted: 'quiz-completed' })).toThrow();
    expect(() => played().then({ rejected: 'first-quiz-of-the-day' })).toThrow();
    expect(() => bought().then({ accepted: 'protections-full' })).toThrow();
    expect(() => bought().then([])).toThrow();
    expect(() => bought().then({ rejected: 'protections-full', facts: { maxProtections: 1 } })).toThrow();
  });
  it('a refusal after something was settled that the test did not name', () => {
    const late = () => played().then({ accepted: 'first-quiz-of-the-day' }).when({ type: 'BuyProtection', data: {} }, '2026-01-28T10:00Z');
    expect(() => late().then({ rejected: 'protections-full' })).toThrow();
    late().then({ rejected: 'protections-full', events: [{ type: 'StreakBroken', data: { previousStreak: 1 } }] });
  });
  it('without the jobs a command meets the state as it is', () => {
    given(progress).when(quiz, '2026-01-23T10:00Z').then({ accepted: 'first-quiz-of-the-day' }).tick('2026-02-23T10:00Z').then([]);
  });
});
