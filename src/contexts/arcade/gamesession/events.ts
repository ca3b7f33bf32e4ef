import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

/** Players and payments are stored in lower case: addresses are compared without case. */
export type Played = { readonly player: string; readonly game: string };

export type GameSessionEvent =
  | DomainEvent<'GameSessionStarted', Played & { paymentId: string; microUsdc: string; startedAt: Instant }>
  | DomainEvent<'ScoreSubmitted', Played & { score: number; at: Instant }>
  | DomainEvent<'GameSessionVoided', { paymentId: string }>;

export type GameSessionState = { readonly status: 'none' } | ({ readonly status: 'active' | 'completed' | 'voided' } & Played);
