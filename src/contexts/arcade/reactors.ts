import { defineReactor } from '../../core/reactor.ts';
import { idOf, streamOf } from '../../core/stream.ts';
import type { GameSessionEvent } from './gamesession/events.ts';
import type { PaymentEvent } from './payment/events.ts';
import type { PoolEvent } from './pool/events.ts';
import { poolAt, poolStream } from './pool/pool-name.ts';
import { boardsAt, scoreStream } from './score/board-name.ts';

type Of<E, T> = Extract<E, { type: T }>;

/** Each started game uses its payment (decision 5). */
export const splitPayments = defineReactor<Of<GameSessionEvent, 'GameSessionStarted'>>({
  name: 'arcade/split-payments',
  on: ['GameSessionStarted'],
  targets: ['arcade.payment'],
  react: ({ stream, data: { paymentId, game, microUsdc, startedAt } }) => [
    {
      to: streamOf('arcade.payment', paymentId),
      type: 'SplitPayment',
      data: { session: idOf(stream), game, microUsdc, paidAt: startedAt },
    },
  ],
});

/** A game on a payment that another game has used does not count. */
export const voidGames = defineReactor<Of<PaymentEvent, 'PaymentReused'>>({
  name: 'arcade/void-games',
  on: ['PaymentReused'],
  targets: ['arcade.gamesession'],
  react: ({ stream, data }) => [{ to: streamOf('arcade.gamesession', data.session), type: 'VoidGame', data: { paymentId: idOf(stream) } }],
});

/** The shares of a payment go to the day's and the week's pool of its game. */
export const fundPools = (zone: string) =>
  defineReactor<Of<PaymentEvent, 'PaymentSplit'>>({
    name: 'arcade/fund-pools',
    on: ['PaymentSplit'],
    targets: ['arcade.pool'],
    react: ({ stream, data }) => {
      const shares = { daily: data.dailyMicroUsdc, weekly: data.weeklyMicroUsdc };
      return (['daily', 'weekly'] as const)
        .filter((period) => shares[period] !== '0')
        .map((period) => {
          const pool = poolAt(data.game, period, data.paidAt, zone);
          return { key: period, to: poolStream(pool), type: 'AddContribution', data: { pool, from: stream, microUsdc: shares[period] } };
        });
    },
  });

/** Money without a winner, or too late for its pool, goes to the next period's (decision 4). */
export const rollMoneyOn = defineReactor<Of<PoolEvent, 'PoolRolledOver' | 'ContributionRolledOn'>>({
  name: 'arcade/roll-money-on',
  on: ['PoolRolledOver', 'ContributionRolledOn'],
  targets: ['arcade.pool'],
  react: ({ stream, data: { to: pool, microUsdc } }) => [
    { to: poolStream(pool), type: 'AddContribution', data: { pool, from: stream, microUsdc } },
  ],
});

/** A score counts for two pools and three boards, by the instant at which it was made (decision 21). */
export const countScores = (zone: string) =>
  defineReactor<Of<GameSessionEvent, 'ScoreSubmitted'>>({
    name: 'arcade/count-scores',
    on: ['ScoreSubmitted'],
    targets: ['arcade.pool', 'arcade.score'],
    react: ({ stream, data: { player, game, score, at } }) => {
      const made = { player, score, at, session: idOf(stream) };
      const pools = (['daily', 'weekly'] as const).map((period) => poolAt(game, period, at, zone));
      return [
        ...pools.map((pool) => ({ key: pool.period, to: poolStream(pool), type: 'ConsiderScore', data: { pool, score: made } })),
        ...boardsAt(game, at, zone).map((board) => ({
          key: board,
          to: scoreStream(board, player),
          type: 'RecordScore',
          data: { board, ...made },
        })),
      ];
    },
  });
