import { defineContext } from '../../core/context.ts';
import { CarillonError } from '../../core/errors.ts';
import { xpBoard } from './progress/board.ts';
import { updateStreaks } from './progress/job.ts';
import { progressDecider } from './progress/progress.ts';
import { streakRules } from './progress/streak.ts';

/** `streakRule` is `48-hours` or `calendar-day` (decision 1); `zone` says where midnight is. */
export const quizDefaults = { streakRule: '48-hours', zone: 'UTC', maxProtections: 2 };

/** Quiz players: XP, streaks and their protections, and the XP boards (checklist B). */
export const quiz = defineContext('quiz', quizDefaults, (settings) => {
  if (!streakRules.includes(settings.streakRule))
    throw new CarillonError('config-invalid', `quiz: streakRule must be ${streakRules.join(' or ')}`);
  const progress = progressDecider(settings);
  return {
    deciders: [progress],
    jobs: [updateStreaks(progress, settings)],
    projections: [xpBoard(settings.zone)],
  };
});
