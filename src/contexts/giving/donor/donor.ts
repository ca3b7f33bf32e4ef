import type { Wish } from '../../../core/command.ts';
import { accept, type Decision, defineDecider } from '../../../core/decider.ts';
import type { DonorScored, DonorState } from './events.ts';
import { charityScore } from './score.ts';

/** Sent by reactors: a confirmed receipt, a refund, an award of coins. */
export type DonorCommand =
  | Wish<'CountDonation', { escrow: string; cents: string }>
  | Wish<'UncountDonation', { escrow: string; cents: string }>
  | Wish<'CountCoins', { escrow: string; coins: number }>;

const scored = (change: DonorScored['data']['change'], escrow: string, donated: bigint, coins: number): Decision<DonorScored> =>
  accept(`score-after-${change}`, [
    {
      type: 'DonorScored',
      data: { change, escrow, donatedCents: donated.toString(), coins, score: charityScore(donated, coins).toString() },
    },
  ]);

/** One donor's place on the donor board, moved at once on a confirmed receipt (checklist C10). */
export const donorDecider = defineDecider<DonorState, DonorCommand, DonorScored>({
  category: 'giving.donor',
  initial: { donatedCents: '0', coins: 0, score: '0' },
  events: ['DonorScored'],
  decide: (command, state) => {
    const donated = BigInt(state.donatedCents);
    const { escrow } = command.data;
    switch (command.type) {
      case 'CountDonation':
        return scored('donation', escrow, donated + BigInt(command.data.cents), state.coins);
      case 'UncountDonation':
        return scored('refund', escrow, donated - BigInt(command.data.cents), state.coins);
      case 'CountCoins':
        return scored('coins', escrow, donated, state.coins + command.data.coins);
    }
  },
  evolve: (_state, { data: { donatedCents, coins, score } }) => ({ donatedCents, coins, score }),
});
