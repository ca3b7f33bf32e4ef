import { defineContext } from '../../core/context.ts';
import { coinsDecider } from './coins/coins.ts';
import { cycleDecider } from './cycle/cycle.ts';
import { donorBoard } from './donor/board.ts';
import { donorDecider } from './donor/donor.ts';
import { notify } from './effects.ts';
import { escrowDecider } from './escrow/escrow.ts';
import { releaseEscrows } from './escrow/job.ts';
import { awardCoins, moveCycle, notifyParties, postWallet, scoreDonor } from './reactors.ts';
import { walletDecider } from './wallet/wallet.ts';

export const givingDefaults = { holdHours: 48, coinsPerRelease: 50, cycleDueDays: 90 };

/** Charity: donations held in escrow, wallets, cycles, coins and the donor board (checklist C). */
export const giving = defineContext('giving', givingDefaults, (settings) => {
  const escrow = escrowDecider(settings);
  return {
    deciders: [escrow, walletDecider, cycleDecider(settings), coinsDecider, donorDecider],
    jobs: [releaseEscrows(escrow)],
    reactors: [postWallet, moveCycle, awardCoins(settings.coinsPerRelease), scoreDonor, notifyParties],
    effects: [notify],
    projections: [donorBoard],
  };
});
