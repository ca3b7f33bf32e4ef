import type { StreamName } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';
import { type Period, periodAfter, periodAt } from '../../../core/period.ts';
import { streamOf } from '../../../core/stream.ts';
import type { PoolName } from './events.ts';

const named = (game: string, period: PoolName['period'], { key, endsAt }: Period): PoolName => ({ game, period, key, endsAt });

/** The pool that an instant belongs to; at exactly midnight it is the new one (checklist A, edge cases). */
export const poolAt = (game: string, period: PoolName['period'], at: Instant, zone: string): PoolName =>
  named(game, period, periodAt(period, at, zone));

/** The pool of the period that follows. */
export const poolAfter = (pool: PoolName, zone: string): PoolName =>
  named(pool.game, pool.period, periodAfter({ kind: pool.period, endsAt: pool.endsAt }, zone));

export const poolStream = (pool: PoolName): StreamName => streamOf('arcade.pool', `${pool.game}.${pool.period}.${pool.key}`);
