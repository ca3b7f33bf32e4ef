import { describe, it } from 'vitest';
import { escrowDecider } from '../../../src/contexts/giving/escrow/escrow.ts';
import type { EscrowEvent } from '../../../src/contexts/giving/escrow/events.ts';
import { releaseEscrows } from '../../../src/contexts/giving/escrow/job.ts';
import { instant } from '../../../src/core/instant.ts';
import { given } from '../../../src/testing/given.ts';

const escrow = escrowDecider({ holdHours: 48 });
const job = releaseEscrows(escrow);
const donation = { donor: 'd1', recipient: 'r1', cents: '2500' };
const receivedAt = instant('2026-01-24T13:12:00Z');
const holdUntil = instant('2026-01-26T13:12:00Z');
const justAfterHold = '2026-01-26T13:12:00.001Z';

const sent: EscrowEvent = { type: 'DonationSent', data: donation };
const held: EscrowEvent = { type: 'EscrowHeld', data: { ...donation, receivedAt, holdUntil } };
const released: EscrowEvent = { type: 'EscrowReleased', data: { ...donation, early: false, reason: null } };
const refunded: EscrowEvent = { type: 'EscrowRefunded', data: { ...donation, reason: 'sent twice' } };
const refund = { type: 'RefundEscrow', data: { reason: 'sent twice' } } as const;
const releaseEarly = { type: 'ReleaseEscrowEarly', data: { reason: 'school starts tomorrow' } } as const;
const confirm = { type: 'ConfirmReceipt', data: {} } as const;
const send = { type: 'SendDonation', data: { donor: 'd1', recipient: 'r1', cents: 2500 } } as const;

describe('C10: a donation is sent, then held from its confirmed receipt', () => {
  it('is sent once', () => {
    given(escrow).when(send, receivedAt).then([sent]).when(send, receivedAt).then({ rejected: 'already-sent' });
  });
  it('is not sent to oneself', () => {
    given(escrow)
      .when({ ...send, data: { ...send.data, recipient: 'd1' } }, receivedAt)
      .then({ rejected: 'donor-is-recipient' });
  });
  it('is held for 48 real hours from its receipt', () => {
    given(escrow, [sent]).when(confirm, receivedAt).then([held]).when(confirm, receivedAt).then({ rejected: 'already-received' });
  });
  it('is held for 48 hours across a change of clocks too', () => {
    given(escrow, [sent])
      .when(confirm, '2026-03-28T12:00:00Z')
      .then({ accepted: 'receipt-confirmed', facts: { holdUntil: '2026-03-30T12:00:00.000Z' } });
  });
  it('needs a donation before a receipt', () => {
    given(escrow).when(confirm, receivedAt).then({ rejected: 'no-donation' });
  });
});

describe('C1: an escrow is released when its hold has ended', () => {
  it('is not released at holdUntil itself, but one millisecond later (decision 10)', () => {
    given(escrow, [sent, held], job).tick(holdUntil).then([]).tick(justAfterHold).then([released]);
  });
  it('names the rule and what it looked at', () => {
    given(escrow, [sent, held], job)
      .tick('2026-01-26T14:00:00Z')
      .then({ accepted: 'hold-ended', events: [released], facts: { holdUntil } });
  });
  it('is released once, however often and however late the tick comes', () => {
    given(escrow, [sent, held], job).tick('2026-02-02T00:00:00Z').then([released]).tick('2026-02-02T01:00:00Z').then([]);
  });
  it('is not due before its receipt, nor after its end', () => {
    for (const events of [[], [sent], [sent, held, released], [sent, held, refunded]]) {
      given(escrow, events, job).tick('2027-01-01T00:00:00Z').then([]);
    }
  });
  it('ignores a tick that comes too early or twice, by a named rule', () => {
    const tick = { type: 'ReleaseEscrow', data: {} } as const;
    given(escrow, [sent, held]).when(tick, holdUntil).then({ ignored: 'hold-not-over', facts: { holdUntil } });
    given(escrow, [sent, held, released]).when(tick, justAfterHold).then({ ignored: 'already-released' });
  });
});

describe('C: a hold ends once', () => {
  it('is refunded during the hold, up to holdUntil', () => {
    given(escrow, [sent, held], job)
      .when(refund, holdUntil)
      .then({ accepted: 'refunded-during-hold', events: [refunded] });
  });
  it('a refund after holdUntil finds it released, tick or no tick (decision 20)', () => {
    given(escrow, [sent, held], job)
      .when(refund, justAfterHold)
      .then({ rejected: 'already-released', events: [released] });
  });
  it('is not refunded before its receipt, nor twice', () => {
    given(escrow, [sent], job).when(refund, receivedAt).then({ rejected: 'not-received' });
    given(escrow, [sent, held, refunded], job).when(refund, holdUntil).then({ rejected: 'already-refunded' });
  });
  it('C6: is released early by an explicit command with a reason only (decision 10)', () => {
    given(escrow, [sent, held], job)
      .when(releaseEarly, '2026-01-25T00:00:00Z')
      .then({
        accepted: 'released-early',
        events: [{ type: 'EscrowReleased', data: { ...donation, early: true, reason: 'school starts tomorrow' } }],
      })
      .tick('2026-01-27T00:00:00Z')
      .then([]);
  });
  it('an early release after a refund, or before a receipt, is refused', () => {
    given(escrow, [sent, held, refunded], job).when(releaseEarly, holdUntil).then({ rejected: 'already-refunded' });
    given(escrow, [sent], job).when(releaseEarly, receivedAt).then({ rejected: 'not-received' });
  });
});
