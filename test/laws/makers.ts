import { poolAt } from '../../src/contexts/arcade/pool/pool-name.ts';
import type { Instant } from '../../src/core/instant.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Random } from './random.ts';

/** One random command for an actor whose history began at `start`. Reactors' commands are among them, but none of a job. */
export type Maker = (random: Random, at: Instant, start: Instant) => { readonly type: string; readonly data: JsonObject };

const player = (random: Random): string => random.pick(['0xAb', '0xab', '0xcd', 'p1', 'p2']);
const amount = (random: Random): number => random.pick([1, 2, 3, 7, 10_000, 123_457, Number.MAX_SAFE_INTEGER]);
const score = (random: Random): number => random.pick([0, 0, 1, 5, 5, 9, Number.MAX_SAFE_INTEGER]);
const transfer = (random: Random): JsonObject => ({ escrow: `e${random.below(5)}`, cents: String(amount(random)) });
const anyOf =
  (...makers: readonly Maker[]): Maker =>
  (random, at, start) =>
    random.pick(makers)(random, at, start);
const plain =
  (type: string): Maker =>
  () => ({ type, data: {} });

const pool = (random: Random, at: Instant, start: Instant): ReturnType<Maker> => {
  const data = { pool: poolAt('snake', 'daily', start, 'UTC') };
  return random.chance(0.5)
    ? { type: 'AddContribution', data: { ...data, from: `arcade.payment-${random.below(99)}`, microUsdc: String(amount(random)) } }
    : {
        type: 'ConsiderScore',
        data: { ...data, score: { player: player(random), score: score(random), at, session: `s${random.below(99)}` } },
      };
};

const game: Maker = (random) => ({
  type: 'StartGame',
  data: { player: player(random), game: random.pick(['snake', 'chess']), paymentId: `P${random.below(9)}`, microUsdc: amount(random) },
});

/** How to make random commands for each category. A category with a job and without a maker fails the laws. */
export const makers: Readonly<Record<string, Maker>> = {
  'giving.escrow': anyOf(
    (random) => ({ type: 'SendDonation', data: { donor: random.pick(['d1', 'r1']), recipient: 'r1', cents: amount(random) } }),
    plain('ConfirmReceipt'),
    (random, at, start) =>
      random.chance(0.2) ? { type: 'RefundEscrow', data: { reason: 'r' } } : plain('ConfirmReceipt')(random, at, start),
    (random, at, start) =>
      random.chance(0.2) ? { type: 'ReleaseEscrowEarly', data: { reason: 'r' } } : plain('ConfirmReceipt')(random, at, start),
  ),
  'giving.wallet': (random) => ({ type: random.pick(['ReserveFunds', 'PostFunds', 'VoidFunds']), data: transfer(random) }),
  'giving.cycle': anyOf(
    (_random, at) => ({ type: 'ReceiveCycle', data: { recipient: 'r1', cents: '5', receivedAt: at } }),
    plain('ObligateCycle'),
    plain('VoidCycle'),
  ),
  'giving.coins': (random) => ({ type: 'AwardCoins', data: { escrow: `e${random.below(5)}`, coins: 50 } }),
  'giving.donor': anyOf(
    (random) => ({ type: random.pick(['CountDonation', 'UncountDonation']), data: transfer(random) }),
    () => ({ type: 'CountCoins', data: { escrow: 'e1', coins: 50 } }),
  ),
  'arcade.gamesession': anyOf(
    game,
    (random) => ({ type: 'SubmitScore', data: { score: score(random) } }),
    (random, at, start) => (random.chance(0.3) ? { type: 'VoidGame', data: { paymentId: 'p1' } } : game(random, at, start)),
  ),
  'arcade.payment': (random, at) => ({
    type: 'SplitPayment',
    data: { session: `s${random.below(3)}`, game: 'snake', microUsdc: String(amount(random)), paidAt: at },
  }),
  'arcade.pool': pool,
  'arcade.score': (random, at) => ({
    type: 'RecordScore',
    data: { board: 'snake.alltime', player: 'p1', score: score(random), at, session: `s${random.below(99)}` },
  }),
  'quiz.progress': (random) =>
    random.chance(0.75) ? { type: 'CompleteQuiz', data: { xp: random.pick([0, 1, 20, 1_000_000]) } } : { type: 'BuyProtection', data: {} },
};
