import Value from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { domainWorld } from '../support/domain-world.ts';

const { registry } = domainWorld();
const intake = (category: string): Readonly<Record<string, object>> => registry.deciders.get(category)?.intake ?? {};
const accepts = (category: string, type: string, data: unknown): boolean => Value.Check(intake(category)[type] ?? {}, data);

const donation = { donor: 'd1', recipient: 'r1', cents: 1 };
const game = { player: '0xAb', game: 'snake', paymentId: 'p-1', microUsdc: 1 };

const good: readonly [string, string, unknown][] = [
  ['giving.escrow', 'SendDonation', donation],
  ['giving.escrow', 'ConfirmReceipt', {}],
  ['giving.escrow', 'RefundEscrow', { reason: 'sent twice' }],
  ['giving.escrow', 'ReleaseEscrowEarly', { reason: 'urgent' }],
  ['arcade.gamesession', 'StartGame', { ...game, microUsdc: Number.MAX_SAFE_INTEGER }],
  ['arcade.gamesession', 'SubmitScore', { score: 0 }],
  ['quiz.progress', 'CompleteQuiz', { xp: 0 }],
  ['quiz.progress', 'BuyProtection', {}],
];

const bad: readonly [string, string, unknown][] = [
  ['giving.escrow', 'SendDonation', { ...donation, cents: 0 }],
  ['giving.escrow', 'SendDonation', { ...donation, cents: 1.5 }],
  ['giving.escrow', 'SendDonation', { ...donation, cents: '1' }],
  ['giving.escrow', 'SendDonation', { ...donation, cents: Number.MAX_SAFE_INTEGER + 1 }],
  ['giving.escrow', 'SendDonation', { ...donation, donor: 'a@b.example' }],
  ['giving.escrow', 'SendDonation', { ...donation, donor: 'x'.repeat(65) }],
  ['giving.escrow', 'SendDonation', { ...donation, note: 'hello' }],
  ['giving.escrow', 'SendDonation', { donor: 'd1', cents: 1 }],
  ['giving.escrow', 'ConfirmReceipt', { when: 'now' }],
  ['giving.escrow', 'RefundEscrow', { reason: '' }],
  ['giving.escrow', 'RefundEscrow', { reason: 'x'.repeat(201) }],
  ['arcade.gamesession', 'StartGame', { ...game, microUsdc: 0 }],
  ['arcade.gamesession', 'StartGame', { ...game, player: '' }],
  ['arcade.gamesession', 'SubmitScore', { score: -1 }],
  ['arcade.gamesession', 'SubmitScore', { score: 0.5 }],
  ['quiz.progress', 'CompleteQuiz', { xp: -1 }],
  ['quiz.progress', 'CompleteQuiz', { xp: 1_000_001 }],
  ['quiz.progress', 'BuyProtection', null],
];

describe('intake', () => {
  it.each(good)('%s takes %s %j', (category, type, data) => expect(accepts(category, type, data)).toBe(true));
  it.each(bad)('%s refuses %s %j', (category, type, data) => expect(accepts(category, type, data)).toBe(false));
  it('the commands of the issue are the ones that people may send, no other', () => {
    const all = [...registry.deciders.values()].flatMap((decider) => Object.keys(decider.intake ?? {}));
    const issue = [
      'BuyProtection',
      'CompleteQuiz',
      'ConfirmReceipt',
      'RefundEscrow',
      'ReleaseEscrowEarly',
      'SendDonation',
      'StartGame',
      'SubmitScore',
    ];
    expect(all.filter((type) => issue.includes(type)).sort()).toEqual(issue);
    expect(registry.deciders.get('giving.escrow')?.adminOnly).toEqual(['ReleaseEscrowEarly']);
  });
});
