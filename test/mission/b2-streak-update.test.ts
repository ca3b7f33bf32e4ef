import { describe, expect, it } from 'vitest';
import { domainWorld } from '../support/domain-world.ts';

const quiz = (world: ReturnType<typeof domainWorld>, player: string, at: string, xp = 20) =>
  world.send(`quiz.progress-${player}`, 'CompleteQuiz', { xp }, at);

describe('B2: streak update', () => {
  it('has the schedule, the alias and the health limit of the document', () => {
    expect(domainWorld().registry.find('streak-update')).toMatchObject({
      name: 'quiz/update-streaks',
      zone: 'UTC',
      healthyWithinMinutes: 1500,
    });
  });

  it('B8: breaks without a protection, keeps with one, leaves alone who played', () => {
    const world = domainWorld();
    quiz(world, 'lost', '2026-01-23T10:00:00Z');
    quiz(world, 'saved', '2026-01-23T10:00:00Z');
    world.send('quiz.progress-saved', 'BuyProtection', {}, '2026-01-23T10:00:01Z');
    quiz(world, 'played', '2026-01-24T10:00:00Z');
    expect(world.tick('streak-update', '2026-01-25T00:00:00Z')).toBe(0);
    expect(world.tick('streak-update', '2026-01-26T00:00:00Z')).toBe(2);
    expect(world.events('quiz.progress-lost').at(-1)).toBe('StreakBroken');
    expect(world.log.find((event) => event.type === 'StreakBroken')?.data).toEqual({ previousStreak: 1 });
    expect(world.events('quiz.progress-saved').at(-1)).toBe('StreakProtectionUsed');
    expect(world.events('quiz.progress-played')).not.toContain('StreakBroken');
  });

  it('job down three days: each missed day is decided in turn, at its own midnight', () => {
    const world = domainWorld();
    quiz(world, 'p1', '2026-01-23T10:00:00Z');
    for (let count = 0; count < 2; count++) world.send('quiz.progress-p1', 'BuyProtection', {}, '2026-01-23T11:00:00Z');
    world.tick('streak-update', '2026-01-29T00:00:00Z');
    const decided = world.log.filter((event) => event.type.startsWith('Streak') && event.type !== 'StreakIncremented');
    expect(decided.map((event) => `${event.metadata.asOf.slice(0, 10)} ${event.type}`)).toEqual([
      '2026-01-26 StreakProtectionUsed',
      '2026-01-27 StreakProtectionUsed',
      '2026-01-28 StreakBroken',
    ]);
  });

  it('zero players: nothing is due', () => {
    expect(domainWorld().tick('streak-update', '2026-01-26T00:00:00Z')).toBe(0);
  });

  it('B5: XP boards hold the XP of their own period; at a tie the latest XP comes first (decision 3)', () => {
    const world = domainWorld();
    quiz(world, 'a', '2026-01-25T10:00:00Z', 50);
    quiz(world, 'b', '2026-01-26T10:00:00Z', 30);
    quiz(world, 'a', '2026-01-26T11:00:00Z', 30);
    quiz(world, 'c', '2026-02-01T11:00:00Z', 80);
    expect(world.board('board_quiz', 'global')).toEqual(['c 80', 'a 80', 'b 30']);
    expect(world.board('board_quiz', 'weekly.2026-W04')).toEqual(['a 50']);
    expect(world.board('board_quiz', 'weekly.2026-W05')).toEqual(['c 80', 'a 30', 'b 30']);
    expect(world.board('board_quiz', 'monthly.2026-01')).toEqual(['a 80', 'b 30']);
  });

  it('an unknown streak rule is refused at start', () => {
    expect(() => domainWorld({ quiz: { streakRule: 'never' } })).toThrow(/streakRule/);
  });
});
