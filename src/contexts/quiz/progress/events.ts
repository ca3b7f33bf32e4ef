import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

export type ProgressEvent =
  | DomainEvent<'QuizPlayed', { xp: number; at: Instant }>
  | DomainEvent<'XpGained', { xp: number; totalXp: number; at: Instant }>
  | DomainEvent<'StreakIncremented', { streak: number; longestStreak: number }>
  | DomainEvent<'StreakProtectionUsed', { until: Instant; protectionsRemaining: number }>
  | DomainEvent<'StreakBroken', { previousStreak: number }>
  | DomainEvent<'ProtectionPurchased', { protectionsRemaining: number }>;

export type ProgressState = {
  readonly streak: number;
  readonly longestStreak: number;
  readonly protections: number;
  readonly totalXp: number;
  readonly lastQuizAt: Instant | null;
  /** The midnight to which a used protection lasts; a quiz ends it. */
  readonly protectedUntil: Instant | null;
};
