import { describe, expect, it } from 'vitest';
import { coinsDecider } from '../../../src/contexts/giving/coins/coins.ts';
import { cycleDecider } from '../../../src/contexts/giving/cycle/cycle.ts';
import { donorDecider } from '../../../src/contexts/giving/donor/donor.ts';
import { charityScore } from '../../../src/contexts/giving/donor/score.ts';
import { walletDecider } from '../../../src/contexts/giving/wallet/wallet.ts';
import { instant } from '../../../src/core/instant.ts';
import { given } from '../../../src/testing/given.ts';

const at = '2026-01-26T14:00:00Z';
const transfer = { escrow: 'e1', cents: '9007199254740993' };

describe('C1 b: receivable to fiat, in two phases', () => {
  const reserved = given(walletDecider)
    .when({ type: 'ReserveFunds', data: transfer }, at)
    .then([{ type: 'FundsReceivable', data: transfer }]);
  it('posts what was reserved, beyond what a float could hold', () => {
    const posted = reserved.when({ type: 'PostFunds', data: transfer }, at).then([{ type: 'FundsPosted', data: transfer }]);
    expect(posted.state).toEqual({ receivableCents: '0', fiatCents: transfer.cents });
  });
  it('voids what was reserved', () => {
    const voided = reserved.when({ type: 'VoidFunds', data: transfer }, at).then([{ type: 'FundsVoided', data: transfer }]);
    expect(voided.state).toEqual({ receivableCents: '0', fiatCents: '0' });
  });
  it('posting more than is receivable fails, so receivable is never negative', () => {
    given(walletDecider).when({ type: 'PostFunds', data: transfer }, at).then({ rejected: 'receivable-too-low' });
    reserved
      .when({ type: 'PostFunds', data: transfer }, at)
      .then({ accepted: 'funds-posted' })
      .when({ type: 'VoidFunds', data: transfer }, at)
      .then({ rejected: 'receivable-too-low' });
  });
});

describe('C1 c: the cycle becomes obligated from received, due 90 days after receipt (decision 22)', () => {
  const cycle = cycleDecider({ cycleDueDays: 90 });
  const data = { recipient: 'r1', cents: '2500', receivedAt: instant('2026-01-24T13:12:00Z') };
  const received = given(cycle)
    .when({ type: 'ReceiveCycle', data }, at)
    .then([{ type: 'CycleReceived', data }]);
  it('counts from the receipt, not from the release', () => {
    const dueDate = instant('2026-04-24T13:12:00Z');
    received
      .when({ type: 'ObligateCycle', data: {} }, at)
      .then([{ type: 'CycleObligated', data: { recipient: 'r1', dueDate } }])
      .when({ type: 'ObligateCycle', data: {} }, at)
      .then({ rejected: 'cycle-already-obligated' });
  });
  it('is void when the gift goes back', () => {
    received
      .when({ type: 'VoidCycle', data: {} }, at)
      .then([{ type: 'CycleVoided', data: { recipient: 'r1' } }])
      .when({ type: 'ObligateCycle', data: {} }, at)
      .then({ rejected: 'cycle-already-voided' });
  });
  it('cannot be obligated before it was received, and is received once', () => {
    given(cycle).when({ type: 'ObligateCycle', data: {} }, at).then({ rejected: 'cycle-not-received' });
    received.when({ type: 'ReceiveCycle', data }, at).then({ ignored: 'already-received' });
  });
});

describe('C1 d and C10: coins and the donor score', () => {
  it('adds coins up', () => {
    const award = (escrow: string) => ({ type: 'AwardCoins', data: { escrow, coins: 50 } }) as const;
    const twice = given(coinsDecider)
      .when(award('e1'), at)
      .then([{ type: 'CoinsAwarded', data: { escrow: 'e1', coins: 50 } }])
      .when(award('e2'), at)
      .then([{ type: 'CoinsAwarded', data: { escrow: 'e2', coins: 50 } }]);
    expect(twice.state).toEqual({ balance: 100 });
  });
  it('scores in whole hundredths: 0.4 a unit donated, 2 a coin (decision 11)', () => {
    expect(charityScore(10_000n, 0)).toBe(4_000n);
    expect(charityScore(10_000n, 50)).toBe(14_000n);
    expect(charityScore(9n, 0)).toBe(3n);
  });
  it('moves up with a donation and with coins, back with a refund', () => {
    const scored = (change: 'donation' | 'refund' | 'coins', donatedCents: string, coins: number, score: string) =>
      [{ type: 'DonorScored', data: { change, escrow: 'e1', donatedCents, coins, score } }] as const;
    given(donorDecider)
      .when({ type: 'CountDonation', data: { escrow: 'e1', cents: '2500' } }, at)
      .then(scored('donation', '2500', 0, '1000'))
      .when({ type: 'CountCoins', data: { escrow: 'e1', coins: 50 } }, at)
      .then(scored('coins', '2500', 50, '11000'))
      .when({ type: 'UncountDonation', data: { escrow: 'e1', cents: '2500' } }, at)
      .then(scored('refund', '0', 50, '10000'));
  });
});
