import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

/** A player's new best on one board. */
export type ScoreImproved = DomainEvent<'ScoreImproved', { board: string; player: string; score: number; at: Instant; session: string }>;

export type ScoreState = { readonly best: { readonly score: number; readonly at: Instant } | null };
