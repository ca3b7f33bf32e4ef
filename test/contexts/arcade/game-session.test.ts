import { describe, expect, it } from 'vitest';
import { gameSessionDecider } from '../../../src/contexts/arcade/gamesession/game-session.ts';
import { paymentDecider } from '../../../src/contexts/arcade/payment/payment.ts';
import { splitPayment } from '../../../src/contexts/arcade/payment/split.ts';
import { instant } from '../../../src/core/instant.ts';
import { given } from '../../../src/testing/given.ts';

const session = gameSessionDecider({ games: ['snake', 'tetris'] });
const startedAt = instant('2026-01-24T10:00:00Z');
const scoredAt = instant('2026-01-24T10:05:00Z');
const start = { type: 'StartGame', data: { player: '0xABCd', game: 'snake', paymentId: '0xFEED', microUsdc: 10_000 } } as const;
const started = {
  type: 'GameSessionStarted',
  data: { player: '0xabcd', game: 'snake', paymentId: '0xfeed', microUsdc: '10000', startedAt },
} as const;
const submit = { type: 'SubmitScore', data: { score: 0 } } as const;

describe('A: a game session', () => {
  it('starts once, with its addresses in lower case', () => {
    given(session).when(start, startedAt).then([started]).when(start, startedAt).then({ rejected: 'game-already-started' });
  });
  it('is of a known game', () => {
    given(session)
      .when({ ...start, data: { ...start.data, game: 'chess' } }, startedAt)
      .then({ rejected: 'game-unknown' });
  });
  it('takes one score, and 0 is a score', () => {
    given(session, [started])
      .when(submit, scoredAt)
      .then([{ type: 'ScoreSubmitted', data: { player: '0xabcd', game: 'snake', score: 0, at: scoredAt } }])
      .when(submit, scoredAt)
      .then({ rejected: 'score-already-submitted' });
  });
  it('takes no score before its start', () => {
    given(session).when(submit, scoredAt).then({ rejected: 'game-not-started' });
  });
  it('does not count when another game has used its payment', () => {
    const voided = { type: 'GameSessionVoided', data: { paymentId: '0xfeed' } } as const;
    given(session, [started])
      .when({ type: 'VoidGame', data: { paymentId: '0xfeed' } }, startedAt)
      .then([voided])
      .when(submit, scoredAt)
      .then({ rejected: 'payment-used' });
  });
});

describe('A: the shares of a payment (decision 5)', () => {
  const shares = { dailyBasisPoints: 5000, weeklyBasisPoints: 2000 };
  it('are 50 % daily and 20 % weekly, the rest is the platform fee', () => {
    expect(splitPayment(10_000n, shares)).toEqual({ daily: 5_000n, weekly: 2_000n, platform: 3_000n });
  });
  it('add up to the payment to the last unit', () => {
    for (let amount = 1n; amount < 300n; amount++) {
      const { daily, weekly, platform } = splitPayment(amount, shares);
      expect(daily + weekly + platform).toBe(amount);
      expect(platform >= 0n && daily >= 0n && weekly >= 0n).toBe(true);
    }
  });
  it('are split once for one payment, whichever game brings it', () => {
    const data = { session: 's1', game: 'snake', microUsdc: '7', paidAt: startedAt };
    given(paymentDecider(shares))
      .when({ type: 'SplitPayment', data }, startedAt)
      .then([{ type: 'PaymentSplit', data: { ...data, dailyMicroUsdc: '4', weeklyMicroUsdc: '1', platformMicroUsdc: '2' } }])
      .when({ type: 'SplitPayment', data }, startedAt)
      .then({ ignored: 'already-split' })
      .when({ type: 'SplitPayment', data: { ...data, session: 's2' } }, startedAt)
      .then({ accepted: 'payment-used', events: [{ type: 'PaymentReused', data: { session: 's2' } }] });
  });
});
