import type { Wish } from '../../../core/command.ts';
import { accept, type Decision, defineDecider, ignore, reject } from '../../../core/decider.ts';
import type { Instant } from '../../../core/instant.ts';
import type { ProgressEvent, ProgressState } from './events.ts';
import { progressIntake } from './intake.ts';
import { countedDay, decidedAt, nextMidnight, type StreakSettings } from './streak.ts';

type Nothing = Record<string, never>;
type Complete = Wish<'CompleteQuiz', { xp: number }>;

export type ProgressCommand = Complete | Wish<'BuyProtection', Nothing> | Wish<'DecideStreak', Nothing>;
export type ProgressSettings = StreakSettings & { readonly maxProtections: number };

const complete = ({ data, asOf }: Complete, state: ProgressState, zone: string): Decision<ProgressEvent> => {
  const { xp } = data;
  const events: ProgressEvent[] = [{ type: 'QuizPlayed', data: { xp, at: asOf } }];
  if (xp > 0) events.push({ type: 'XpGained', data: { xp, totalXp: state.totalXp + xp, at: asOf } });
  if (countedDay(state, asOf, zone)) return accept('quiz-completed', events);
  const streak = state.streak + 1;
  events.push({ type: 'StreakIncremented', data: { streak, longestStreak: Math.max(streak, state.longestStreak) } });
  return accept('first-quiz-of-the-day', events);
};

const buy = (state: ProgressState, most: number): Decision<ProgressEvent> =>
  state.protections >= most
    ? reject('protections-full', { maxProtections: most })
    : accept('protection-bought', [{ type: 'ProtectionPurchased', data: { protectionsRemaining: state.protections + 1 } }]);

/** A protection, when there is one, saves the day; else the streak breaks, and the event says what was lost (checklist B2). */
const decideStreak = (asOf: Instant, state: ProgressState, settings: ProgressSettings): Decision<ProgressEvent> => {
  const at = decidedAt(state, settings);
  if (at === null) return ignore('no-streak');
  const facts = { lastQuizAt: state.lastQuizAt, decidedAt: at };
  if (asOf < at) return ignore('streak-not-due', facts);
  if (state.protections === 0) return accept('streak-broken', [{ type: 'StreakBroken', data: { previousStreak: state.streak } }], facts);
  const used = { until: nextMidnight(asOf, settings.zone), protectionsRemaining: state.protections - 1 };
  return accept('streak-protected', [{ type: 'StreakProtectionUsed', data: used }], facts);
};

const evolve = (state: ProgressState, { type, data }: ProgressEvent): ProgressState => {
  switch (type) {
    case 'QuizPlayed':
      return { ...state, lastQuizAt: data.at, protectedUntil: null };
    case 'XpGained':
      return { ...state, totalXp: data.totalXp };
    case 'StreakIncremented':
      return { ...state, streak: data.streak, longestStreak: data.longestStreak };
    case 'StreakProtectionUsed':
      return { ...state, protections: data.protectionsRemaining, protectedUntil: data.until };
    case 'StreakBroken':
      return { ...state, streak: 0, protectedUntil: null };
    case 'ProtectionPurchased':
      return { ...state, protections: data.protectionsRemaining };
  }
};

/** A player's quizzes, XP and streak. A quiz at or after the deciding midnight meets a decided streak, tick or no tick. */
export const progressDecider = (settings: ProgressSettings) =>
  defineDecider<ProgressState, ProgressCommand, ProgressEvent>({
    category: 'quiz.progress',
    initial: { streak: 0, longestStreak: 0, protections: 0, totalXp: 0, lastQuizAt: null, protectedUntil: null },
    events: ['QuizPlayed', 'XpGained', 'StreakIncremented', 'StreakProtectionUsed', 'StreakBroken', 'ProtectionPurchased'],
    intake: progressIntake,
    decide: (command, state) => {
      if (command.type === 'CompleteQuiz') return complete(command, state, settings.zone);
      if (command.type === 'BuyProtection') return buy(state, settings.maxProtections);
      return decideStreak(command.asOf, state, settings);
    },
    evolve,
  });
