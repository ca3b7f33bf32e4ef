import type { Wish } from '../../../core/command.ts';
import { accept, defineDecider } from '../../../core/decider.ts';
import type { CoinsEvent, CoinsState } from './events.ts';

/** Sent by a reactor to the release of `escrow`, once: its command id derives from that event. */
export type CoinsCommand = Wish<'AwardCoins', { escrow: string; coins: number }>;

/** A donor's Charity Coins: 50 for each released escrow (checklist C1 d). */
export const coinsDecider = defineDecider<CoinsState, CoinsCommand, CoinsEvent>({
  category: 'giving.coins',
  initial: { balance: 0 },
  events: ['CoinsAwarded'],
  decide: ({ data }) => accept('escrow-released', [{ type: 'CoinsAwarded', data }]),
  evolve: ({ balance }, { data }) => ({ balance: balance + data.coins }),
});
