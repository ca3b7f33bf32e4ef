import { plus } from '../../src/core/instant.ts';
import { type Dice, day, type Fact, hour, minute, numbered, on } from './clock.ts';

type Donation = { readonly id: string; readonly donor: string; readonly recipient: string; readonly cents: number };

const escrow = ({ id }: Donation): string => `giving.escrow-${id}`;
const send = (donation: Donation, asOf: Fact['asOf']): Fact => {
  const { donor, recipient, cents } = donation;
  return { to: escrow(donation), type: 'SendDonation', data: { donor, recipient, cents }, asOf };
};
const confirm = (donation: Donation, asOf: Fact['asOf']): Fact => ({ to: escrow(donation), type: 'ConfirmReceipt', data: {}, asOf });
const refund = (donation: Donation, reason: string, asOf: Fact['asOf']): Fact => ({
  to: escrow(donation),
  type: 'RefundEscrow',
  data: { reason },
  asOf,
});
const releaseEarly = (donation: Donation, asOf: Fact['asOf']): Fact => ({
  to: escrow(donation),
  type: 'ReleaseEscrowEarly',
  data: { reason: 'school fees are due tomorrow' },
  asOf,
});

const donationOf = (dice: Dice, id: string): Donation => ({
  id,
  donor: numbered('donor', 1 + dice.below(120)),
  recipient: numbered('recipient', 1 + dice.below(40)),
  cents: dice.pick([500, 1_000, 1_000, 2_000, 2_500, 5_000, 10_000, 12_345, 25_000]),
});

/** Most are received within hours, some never; a few are refunded during the hold or released early. */
const ordinary = (dice: Dice, number: number): Fact[] => {
  const donation = donationOf(dice, `${dice.hex(3)}${number.toString(16).padStart(3, '0')}`);
  const days = dice.pick([0, 0, 0, 1, 1, 1, 2, 2, 3, 4]);
  const sentAt = on(days, dice.timeOfDay());
  const receivedAt = plus(sentAt, minute + dice.below(3 * hour));
  const facts = [send(donation, sentAt)];
  if (dice.chance(0.05) || receivedAt >= on(5)) return facts;
  facts.push(confirm(donation, receivedAt));
  const inHold = plus(receivedAt, hour + dice.below(40 * hour));
  if (inHold >= on(5)) return facts;
  if (dice.chance(0.04)) facts.push(refund(donation, dice.pick(['sent twice', 'wrong recipient', 'donor asked']), inHold));
  else if (dice.chance(0.015)) facts.push(releaseEarly(donation, inHold));
  return facts;
};

/** The edge cases of checklist C, each with an id that says what it shows; 7f3a is the one that the README explains. */
const told = (): Fact[] => {
  const of = (id: string, cents = 2_000): Donation => ({ id, donor: 'donor-007', recipient: 'recipient-03', cents });
  const saturday = on(1, 13 * hour + 12 * minute);
  const friday = on(0, 10 * hour);
  const [first, exact, late, twice, again] = [
    of('7f3a', 4_200),
    of('refund-at-hold-end'),
    of('refund-too-late'),
    of('received-twice'),
    of('early-twice'),
  ];
  return [
    send(first, on(1, 12 * hour + 40 * minute)),
    confirm(first, saturday),
    send(exact, friday),
    confirm(exact, plus(friday, hour)),
    refund(exact, 'donor asked', plus(friday, hour + 2 * day)),
    send(late, friday),
    confirm(late, plus(friday, hour)),
    refund(late, 'donor asked', plus(friday, hour + 2 * day + 1)),
    send(twice, friday),
    confirm(twice, plus(friday, hour)),
    confirm(twice, plus(friday, 2 * hour)),
    send(again, friday),
    confirm(again, plus(friday, hour)),
    releaseEarly(again, plus(friday, 3 * hour)),
    releaseEarly(again, plus(friday, 4 * hour)),
    refund(of('never-received'), 'donor asked', friday),
    send({ ...of('to-oneself'), recipient: 'donor-007' }, friday),
  ];
};

/** Donations of the long weekend. */
export const givingFacts = (dice: Dice, count: number): Fact[] => [
  ...Array.from({ length: count }, (_, number) => ordinary(dice, number)).flat(),
  ...told(),
];
