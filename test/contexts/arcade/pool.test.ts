import { describe, expect, it } from 'vitest';
import type { PoolEvent } from '../../../src/contexts/arcade/pool/events.ts';
import { finalizePools } from '../../../src/contexts/arcade/pool/job.ts';
import { leads } from '../../../src/contexts/arcade/pool/leader.ts';
import { poolDecider } from '../../../src/contexts/arcade/pool/pool.ts';
import { poolAfter, poolAt, poolStream } from '../../../src/contexts/arcade/pool/pool-name.ts';
import { scoreDecider } from '../../../src/contexts/arcade/score/score.ts';
import { instant } from '../../../src/core/instant.ts';
import { given } from '../../../src/testing/given.ts';

const decider = poolDecider({ zone: 'UTC' });
const job = finalizePools(decider, 'UTC');
const saturday = instant('2026-01-24T22:00:00Z');
const midnight = '2026-01-25T00:00:00.000Z';
const pool = poolAt('snake', 'daily', saturday, 'UTC');
const next = poolAfter(pool, 'UTC');
const contribute = { type: 'AddContribution', data: { pool, from: 'arcade.payment-p1', microUsdc: '5000' } } as const;
const added: PoolEvent = { type: 'ContributionAdded', data: { from: 'arcade.payment-p1', microUsdc: '5000' } };
const opened: PoolEvent = { type: 'PoolOpened', data: pool };
const scoreOf = (player: string, score: number, at = '2026-01-24T22:10:00Z') => ({
  player,
  score,
  at: instant(at),
  session: `s-${player}`,
});
const consider = (player: string, score: number, at?: string) =>
  ({ type: 'ConsiderScore', data: { pool, score: scoreOf(player, score, at) } }) as const;
const finalized = (player: string, score: number): PoolEvent => ({
  type: 'PoolFinalized',
  data: { ...pool, winner: player, score, session: `s-${player}`, microUsdc: '5000' },
});
const noWinner: PoolEvent = { type: 'PoolFinalized', data: { ...pool, winner: null, score: null, session: null, microUsdc: '5000' } };
const rolledOver: PoolEvent = { type: 'PoolRolledOver', data: { microUsdc: '5000', to: next } };

describe('A1: a pool gets its winner when its period has ended', () => {
  it('opens with the first contribution and knows when it ends', () => {
    given(decider).when(contribute, saturday).then([opened, added]);
    expect(poolStream(pool)).toBe('arcade.pool-snake.daily.2026-01-24');
    expect(pool.endsAt).toBe(midnight);
  });
  it('opens with a score too, when a game was paid before midnight and ended after it', () => {
    given(decider)
      .when(consider('a', 10), saturday)
      .then([opened, { type: 'PoolLeaderChanged', data: scoreOf('a', 10) }]);
  });
  it('is finalised at the end of its period, not before', () => {
    given(decider, [opened, added], job)
      .when(consider('a', 10), saturday)
      .then({ accepted: 'new-leader' })
      .tick('2026-01-24T23:59:59.999Z')
      .then([])
      .tick(midnight)
      .then({ accepted: 'period-ended', events: [finalized('a', 10)], facts: { endsAt: midnight } })
      .tick('2026-01-26T00:00:00Z')
      .then([]);
  });
  it('a manual tick during the day finalises nothing', () => {
    given(decider, [opened, added])
      .when({ type: 'FinalizePool', data: {} }, saturday)
      .then({ ignored: 'period-not-over', facts: { endsAt: midnight } });
  });
  it('A1a: a game without a pool is not an error', () => {
    given(decider, [], job).tick(midnight).then([]);
    given(decider).when({ type: 'FinalizePool', data: {} }, midnight).then({ ignored: 'no-pool' });
  });
  it('keeps the higher score; score 0 counts', () => {
    given(decider, [opened, added], job)
      .when(consider('a', 0), saturday)
      .then({ accepted: 'new-leader' })
      .when(consider('b', 5), saturday)
      .then({ accepted: 'new-leader' })
      .when(consider('a', 4), saturday)
      .then({ ignored: 'not-leading' })
      .tick(midnight)
      .then([finalized('b', 5)]);
  });
  it('at a tie the earlier score wins, whichever arrives first (decision 3)', () => {
    const early = scoreOf('z', 7, '2026-01-24T20:00:00Z');
    const late = scoreOf('a', 7, '2026-01-24T21:00:00Z');
    expect([leads(early, late), leads(late, early)]).toEqual([true, false]);
    const same = scoreOf('b', 7, '2026-01-24T20:00:00Z');
    expect([leads(same, early), leads(early, same), leads(early, early)]).toEqual([true, false, false]);
  });
});

describe('A1: money without a winner, and what comes too late (decisions 4 and 21)', () => {
  it('rolls over to the next pool of the same game and period', () => {
    given(decider, [opened, added], job)
      .tick(midnight)
      .then({ accepted: 'period-ended-without-score', events: [noWinner, rolledOver] });
    expect(next).toEqual({ game: 'snake', period: 'daily', key: '2026-01-25', endsAt: '2026-01-26T00:00:00.000Z' });
  });
  it('a pool without money and without a score does not exist; one without money has a winner of nothing', () => {
    given(decider, [opened], job)
      .when(consider('a', 3), saturday)
      .then({ accepted: 'new-leader' })
      .tick(midnight)
      .then([{ type: 'PoolFinalized', data: { ...pool, winner: 'a', score: 3, session: 's-a', microUsdc: '0' } }]);
  });
  it('money that meets a closed pool goes on by its own event', () => {
    given(decider, [opened, added, noWinner, rolledOver], job)
      .when(contribute, midnight)
      .then([{ type: 'ContributionRolledOn', data: { from: 'arcade.payment-p1', microUsdc: '5000', to: next } }]);
  });
  it('a score that meets a closed pool is refused by rule pool-closed', () => {
    given(decider, [opened, added, noWinner, rolledOver], job)
      .when(consider('a', 99), midnight)
      .then({ rejected: 'pool-closed', facts: { endsAt: midnight } });
  });
  it('a score at the end of the period by the clock of the pool finds it closed, tick or no tick', () => {
    given(decider, [opened, added], job)
      .when(consider('a', 99), midnight)
      .then({ rejected: 'pool-closed', events: [noWinner, rolledOver] });
  });
});

describe('A: periods', () => {
  it('a score exactly at midnight belongs to the new day and, on Mondays, to the new week', () => {
    expect(poolAt('snake', 'daily', instant('2026-01-25T00:00:00Z'), 'UTC').key).toBe('2026-01-25');
    expect(poolAt('snake', 'daily', instant('2026-01-24T23:59:59.999Z'), 'UTC').key).toBe('2026-01-24');
    expect(poolAt('snake', 'weekly', instant('2026-01-25T23:59:59.999Z'), 'UTC').key).toBe('2026-W04');
    expect(poolAt('snake', 'weekly', instant('2026-01-26T00:00:00Z'), 'UTC').key).toBe('2026-W05');
  });
});

describe('A2: the best score of a player on a board', () => {
  const data = { board: 'snake.alltime', player: 'a', score: 10, at: saturday, session: 's1' };
  const record = { type: 'RecordScore', data } as const;
  it('is replaced by a better one only', () => {
    given(scoreDecider)
      .when(record, saturday)
      .then([{ type: 'ScoreImproved', data }])
      .when({ ...record, data: { ...data, at: instant(midnight) } }, midnight)
      .then({ ignored: 'not-better' })
      .when({ ...record, data: { ...data, score: 9 } }, midnight)
      .then({ ignored: 'not-better' })
      .when({ ...record, data: { ...data, score: 11 } }, midnight)
      .then({ accepted: 'best-score' });
  });
  it('0 is a score', () => {
    given(scoreDecider)
      .when({ ...record, data: { ...data, score: 0 } }, saturday)
      .then({ accepted: 'best-score' });
  });
});
