import { describe, expect, it } from 'vitest';
import { domainWorld } from '../support/domain-world.ts';

const friday = '2026-01-23T13:12:00Z';
const slot = '2026-01-25T14:00:00Z';

/** Donations of 2,500 cents each, received on Friday 13:12. */
const withDonations = (count: number) => {
  const world = domainWorld();
  for (let index = 0; index < count; index++) {
    world.send(`giving.escrow-e${index}`, 'SendDonation', { donor: `d${index % 3}`, recipient: `r${index % 2}`, cents: 2500 }, friday);
    world.send(`giving.escrow-e${index}`, 'ConfirmReceipt', {}, friday);
  }
  return world;
};

const cents = (world: ReturnType<typeof withDonations>, part: 'receivableCents' | 'fiatCents'): number =>
  world.streams('giving.wallet').reduce((sum, stream) => sum + Number((world.state(stream) as Record<string, string>)[part]), 0);

describe('C1: escrow release', () => {
  it('has the schedule, the alias and the health limit of the document', () => {
    const job = domainWorld().registry.find('escrow-release');
    expect(job).toMatchObject({ name: 'giving/release-escrows', zone: 'UTC', attempts: 3, healthyWithinMinutes: 65 });
  });

  it('(a) released, (b) receivable to fiat, (c) cycle obligated, (d) 50 coins, (e) notifications: each once', () => {
    const world = withDonations(1);
    expect(world.events('giving.wallet-r0')).toEqual(['FundsReceivable']);
    expect(world.tick('escrow-release', '2026-01-25T13:00:00Z')).toBe(0);
    expect(world.tick('escrow-release', slot)).toBe(1);
    expect(world.tick('escrow-release', '2026-01-25T15:00:00Z')).toBe(0);
    expect(world.events('giving.escrow-e0')).toEqual(['DonationSent', 'EscrowHeld', 'EscrowReleased']);
    expect(world.events('giving.wallet-r0')).toEqual(['FundsReceivable', 'FundsPosted']);
    expect(world.state('giving.wallet-r0')).toEqual({ receivableCents: '0', fiatCents: '2500' });
    expect(world.state('giving.cycle-e0')).toEqual({ status: 'obligated', recipient: 'r0', dueDate: '2026-04-23T13:12:00.000Z' });
    expect(world.state('giving.coins-d0')).toEqual({ balance: 50 });
    expect([...world.effects.keys()]).toEqual(['giving/notify escrow-released/e0/donor', 'giving/notify escrow-released/e0/recipient']);
  });

  it('the release takes effect one millisecond after the hold, whenever the tick comes', () => {
    const world = withDonations(1);
    world.tick('escrow-release', '2026-02-01T00:00:00Z');
    const released = world.log.find((event) => event.type === 'EscrowReleased');
    expect(released?.metadata).toMatchObject({ asOf: '2026-01-25T13:12:00.001Z', rule: 'hold-ended' });
    expect(world.log.filter((event) => event.type === 'FundsPosted').map((event) => event.metadata.asOf)).toEqual([
      '2026-01-25T13:12:00.001Z',
    ]);
  });

  it('money rules: debits = credits, receivable never negative, holding escrows = receivable', () => {
    const world = withDonations(12);
    expect([cents(world, 'receivableCents'), cents(world, 'fiatCents')]).toEqual([30_000, 0]);
    world.send('giving.escrow-e3', 'RefundEscrow', { reason: 'sent twice' }, '2026-01-24T00:00:00Z');
    world.send('giving.escrow-e4', 'ReleaseEscrowEarly', { reason: 'urgent' }, '2026-01-24T00:00:00Z');
    expect([cents(world, 'receivableCents'), cents(world, 'fiatCents')]).toEqual([25_000, 2_500]);
    expect(world.tick('escrow-release', slot)).toBe(10);
    expect([cents(world, 'receivableCents'), cents(world, 'fiatCents')]).toEqual([0, 27_500]);
    expect([world.count('FundsReceivable'), world.count('FundsPosted'), world.count('FundsVoided')]).toEqual([12, 11, 1]);
    expect(world.refused).toEqual([]);
  });

  it('a refund during the hold voids the money and the cycle, takes the donation off the board and gives no coins', () => {
    const world = withDonations(1);
    expect(world.send('giving.escrow-e0', 'RefundEscrow', { reason: 'sent twice' }, '2026-01-25T13:12:00Z').kind).toBe('accepted');
    expect(world.tick('escrow-release', slot)).toBe(0);
    expect(world.state('giving.wallet-r0')).toEqual({ receivableCents: '0', fiatCents: '0' });
    expect(world.state('giving.cycle-e0')).toMatchObject({ status: 'voided' });
    expect(world.state('giving.coins-d0')).toBeNull();
    expect(world.board('board_giving', 'donors')).toEqual(['d0 0']);
    expect([...world.effects.keys()]).toEqual(['giving/notify escrow-refunded/e0/donor', 'giving/notify escrow-refunded/e0/recipient']);
  });

  it('a refund after holdUntil finds the escrow released although no tick came: all of the release happens, no refund', () => {
    const world = withDonations(1);
    expect(world.send('giving.escrow-e0', 'RefundEscrow', { reason: 'late' }, '2026-01-25T13:30:00Z')).toMatchObject({
      kind: 'rejected',
      rule: 'already-released',
    });
    expect(world.state('giving.wallet-r0')).toEqual({ receivableCents: '0', fiatCents: '2500' });
    expect(world.state('giving.coins-d0')).toEqual({ balance: 50 });
  });

  it('C6: an early release does everything a release does, once', () => {
    const world = withDonations(1);
    world.send('giving.escrow-e0', 'ReleaseEscrowEarly', { reason: 'urgent' }, '2026-01-23T14:00:00Z');
    expect(world.tick('escrow-release', slot)).toBe(0);
    expect(world.state('giving.wallet-r0')).toEqual({ receivableCents: '0', fiatCents: '2500' });
    expect(world.count('CoinsAwarded')).toBe(1);
  });
});

describe('C10: donation flow', () => {
  it('the donor is on the board at once on the confirmed receipt, and moves up with the coins of the release', () => {
    const world = domainWorld();
    world.send('giving.escrow-e1', 'SendDonation', { donor: 'd1', recipient: 'r1', cents: 10_000 }, friday);
    expect(world.board('board_giving', 'donors')).toEqual([]);
    world.send('giving.escrow-e1', 'ConfirmReceipt', {}, friday);
    expect(world.board('board_giving', 'donors')).toEqual(['d1 4000']);
    world.tick('escrow-release', slot);
    expect(world.board('board_giving', 'donors')).toEqual(['d1 14000']);
  });
  it('ties stand in the order of donor ids (decision 3)', () => {
    const world = domainWorld();
    for (const donor of ['d2', 'd1', 'd3']) {
      world.send(`giving.escrow-${donor}`, 'SendDonation', { donor, recipient: 'r1', cents: 100 }, friday);
      world.send(`giving.escrow-${donor}`, 'ConfirmReceipt', {}, friday);
    }
    expect(world.board('board_giving', 'donors')).toEqual(['d1 40', 'd2 40', 'd3 40']);
  });
});
