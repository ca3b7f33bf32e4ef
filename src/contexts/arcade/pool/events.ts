import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

/** Which pool: its stream is `arcade.pool-<game>.<period>.<key>`. */
export type PoolName = { readonly game: string; readonly period: 'daily' | 'weekly'; readonly key: string; readonly endsAt: Instant };

/** A score on its way to pools and boards; `session` is where it was played. */
export type Score = { readonly player: string; readonly score: number; readonly at: Instant; readonly session: string };

/** Money that goes on to the next period, from the closed pool that `from` names. */
export type RolledMoney = { readonly microUsdc: string; readonly to: PoolName };

export type PoolEvent =
  | DomainEvent<'PoolOpened', PoolName>
  | DomainEvent<'ContributionAdded', { from: string; microUsdc: string }>
  | DomainEvent<'PoolLeaderChanged', Score>
  | DomainEvent<'PoolFinalized', PoolName & { winner: string | null; score: number | null; session: string | null; microUsdc: string }>
  | DomainEvent<'PoolRolledOver', RolledMoney>
  | DomainEvent<'ContributionRolledOn', RolledMoney & { from: string }>;

export type PoolState =
  | { readonly status: 'none' }
  | ({ readonly status: 'open' | 'finalized'; readonly microUsdc: string; readonly leader: Score | null } & PoolName);
