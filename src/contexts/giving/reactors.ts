import { defineReactor, type Reaction } from '../../core/reactor.ts';
import { idOf, streamOf } from '../../core/stream.ts';
import type { CoinsEvent } from './coins/events.ts';
import type { EscrowEvent } from './escrow/events.ts';

type Held = Extract<EscrowEvent, { type: 'EscrowHeld' | 'EscrowReleased' | 'EscrowRefunded' }>;

const walletVerb = { EscrowHeld: 'ReserveFunds', EscrowReleased: 'PostFunds', EscrowRefunded: 'VoidFunds' } as const;

/** Two-phase transfer: receivable at the hold, posted to fiat at release, voided at refund (checklist C1 b). */
export const postWallet = defineReactor<Held>({
  name: 'giving/post-wallet',
  on: ['EscrowHeld', 'EscrowReleased', 'EscrowRefunded'],
  targets: ['giving.wallet'],
  react: ({ type, data, stream }) => [
    { to: streamOf('giving.wallet', data.recipient), type: walletVerb[type], data: { escrow: idOf(stream), cents: data.cents } },
  ],
});

/** The recipient's cycle goes with the escrow of the same id (checklist C1 c). */
export const moveCycle = defineReactor<Held>({
  name: 'giving/move-cycle',
  on: ['EscrowHeld', 'EscrowReleased', 'EscrowRefunded'],
  targets: ['giving.cycle'],
  react: (event) => {
    const to = streamOf('giving.cycle', idOf(event.stream));
    if (event.type === 'EscrowReleased') return [{ to, type: 'ObligateCycle', data: {} }];
    if (event.type === 'EscrowRefunded') return [{ to, type: 'VoidCycle', data: {} }];
    const { recipient, cents, receivedAt } = event.data;
    return [{ to, type: 'ReceiveCycle', data: { recipient, cents, receivedAt } }];
  },
});

/** Charity Coins for the donor of each released escrow (checklist C1 d). */
export const awardCoins = (coins: number) =>
  defineReactor<Extract<EscrowEvent, { type: 'EscrowReleased' }>>({
    name: 'giving/award-coins',
    on: ['EscrowReleased'],
    targets: ['giving.coins'],
    react: ({ data, stream }) => [{ to: streamOf('giving.coins', data.donor), type: 'AwardCoins', data: { escrow: idOf(stream), coins } }],
  });

/** The donor's board entry: at once on receipt, back on refund, up with coins (checklist C10). */
export const scoreDonor = defineReactor<Exclude<Held, { type: 'EscrowReleased' }> | CoinsEvent>({
  name: 'giving/score-donor',
  on: ['EscrowHeld', 'EscrowRefunded', 'CoinsAwarded'],
  targets: ['giving.donor'],
  react: (event): readonly Reaction[] => {
    if (event.type === 'CoinsAwarded') {
      const { escrow, coins } = event.data;
      return [{ to: streamOf('giving.donor', idOf(event.stream)), type: 'CountCoins', data: { escrow, coins } }];
    }
    const { donor, cents } = event.data;
    const type = event.type === 'EscrowHeld' ? 'CountDonation' : 'UncountDonation';
    return [{ to: streamOf('giving.donor', donor), type, data: { escrow: idOf(event.stream), cents } }];
  },
});

const template = { EscrowReleased: 'escrow-released', EscrowRefunded: 'escrow-refunded' } as const;

/** Both sides hear of the end of a hold, once each (checklist C1 e). */
export const notifyParties = defineReactor<Exclude<Held, { type: 'EscrowHeld' }>>({
  name: 'giving/notify-parties',
  on: ['EscrowReleased', 'EscrowRefunded'],
  targets: [],
  react: ({ type, data, stream }) =>
    (['donor', 'recipient'] as const).map((role) => ({
      effect: 'giving/notify',
      key: `${template[type]}/${idOf(stream)}/${role}`,
      data: { template: template[type], to: data[role], escrow: idOf(stream), cents: data.cents },
    })),
});
