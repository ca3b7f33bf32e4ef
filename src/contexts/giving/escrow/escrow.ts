import type { Wish } from '../../../core/command.ts';
import { accept, type Decision, defineDecider, ignore, reject } from '../../../core/decider.ts';
import { type Instant, plus } from '../../../core/instant.ts';
import type { Donation, EscrowEvent, EscrowState } from './events.ts';
import { escrowIntake } from './intake.ts';

type Nothing = Record<string, never>;

export type EscrowCommand =
  | Wish<'SendDonation', { donor: string; recipient: string; cents: number }>
  | Wish<'ConfirmReceipt', Nothing>
  | Wish<'RefundEscrow', { reason: string }>
  | Wish<'ReleaseEscrowEarly', { reason: string }>
  | Wish<'ReleaseEscrow', Nothing>;

export type EscrowSettings = { readonly holdHours: number };

const hourMs = 3_600_000;
const donationOf = ({ donor, recipient, cents }: Donation): Donation => ({ donor, recipient, cents });

const whyNotHolding = { none: 'no-donation', sent: 'not-received', released: 'already-released', refunded: 'already-refunded' } as const;

const send = (data: { donor: string; recipient: string; cents: number }, state: EscrowState): Decision<EscrowEvent> => {
  if (state.status !== 'none') return reject('already-sent');
  if (data.donor === data.recipient) return reject('donor-is-recipient');
  return accept('donation-sent', [
    { type: 'DonationSent', data: { donor: data.donor, recipient: data.recipient, cents: String(data.cents) } },
  ]);
};

const hold = (state: EscrowState, asOf: Instant, holdHours: number): Decision<EscrowEvent> => {
  if (state.status === 'none') return reject('no-donation');
  if (state.status !== 'sent') return reject('already-received');
  const holdUntil = plus(asOf, holdHours * hourMs);
  return accept('receipt-confirmed', [{ type: 'EscrowHeld', data: { ...donationOf(state), receivedAt: asOf, holdUntil } }], { holdUntil });
};

/** A hold ends once, by release or refund: the one who comes later is told which it was (decisions 10 and 20). */
const end = (command: Exclude<EscrowCommand, { type: 'SendDonation' | 'ConfirmReceipt' }>, state: EscrowState): Decision<EscrowEvent> => {
  if (state.status !== 'holding') {
    const rule = whyNotHolding[state.status];
    return command.type === 'ReleaseEscrow' ? ignore(rule) : reject(rule);
  }
  const facts = { holdUntil: state.holdUntil };
  const donation = donationOf(state);
  if (command.type === 'RefundEscrow') {
    return accept('refunded-during-hold', [{ type: 'EscrowRefunded', data: { ...donation, reason: command.data.reason } }], facts);
  }
  if (command.type === 'ReleaseEscrowEarly') {
    return accept('released-early', [{ type: 'EscrowReleased', data: { ...donation, early: true, reason: command.data.reason } }], facts);
  }
  if (command.asOf <= state.holdUntil) return ignore('hold-not-over', facts);
  return accept('hold-ended', [{ type: 'EscrowReleased', data: { ...donation, early: false, reason: null } }], facts);
};

const evolve = (_state: EscrowState, event: EscrowEvent): EscrowState => {
  const donation = donationOf(event.data);
  switch (event.type) {
    case 'DonationSent':
      return { status: 'sent', ...donation };
    case 'EscrowHeld':
      return { status: 'holding', ...donation, holdUntil: event.data.holdUntil };
    case 'EscrowReleased':
      return { status: 'released', ...donation };
    case 'EscrowRefunded':
      return { status: 'refunded', ...donation };
  }
};

/** A donation from sending to release or refund: held for 48 real hours after its receipt (checklist C1, C10). */
export const escrowDecider = (settings: EscrowSettings) =>
  defineDecider<EscrowState, EscrowCommand, EscrowEvent>({
    category: 'giving.escrow',
    initial: { status: 'none' },
    events: ['DonationSent', 'EscrowHeld', 'EscrowReleased', 'EscrowRefunded'],
    intake: escrowIntake,
    adminOnly: ['ReleaseEscrowEarly'],
    decide: (command, state) => {
      if (command.type === 'SendDonation') return send(command.data, state);
      if (command.type === 'ConfirmReceipt') return hold(state, command.asOf, settings.holdHours);
      return end(command, state);
    },
    evolve,
  });
