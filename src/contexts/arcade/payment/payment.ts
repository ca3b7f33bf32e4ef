import type { Wish } from '../../../core/command.ts';
import { accept, defineDecider, ignore } from '../../../core/decider.ts';
import type { Instant } from '../../../core/instant.ts';
import type { PaymentEvent, PaymentState } from './events.ts';
import { type PoolShares, splitPayment } from './split.ts';

/** Sent by a reactor to the start of a game. */
export type PaymentCommand = Wish<'SplitPayment', { session: string; game: string; microUsdc: string; paidAt: Instant }>;

/** A payment is split to the pools once, for the game that used it first; another game on it is voided. */
export const paymentDecider = (shares: PoolShares) =>
  defineDecider<PaymentState, PaymentCommand, PaymentEvent>({
    category: 'arcade.payment',
    initial: { session: null },
    events: ['PaymentSplit', 'PaymentReused'],
    decide: ({ data }, state) => {
      if (state.session === data.session) return ignore('already-split');
      if (state.session !== null) return accept('payment-used', [{ type: 'PaymentReused', data: { session: data.session } }]);
      const split = splitPayment(BigInt(data.microUsdc), shares);
      return accept('payment-split', [
        {
          type: 'PaymentSplit',
          data: {
            ...data,
            dailyMicroUsdc: split.daily.toString(),
            weeklyMicroUsdc: split.weekly.toString(),
            platformMicroUsdc: split.platform.toString(),
          },
        },
      ]);
    },
    evolve: (state, event) => (event.type === 'PaymentSplit' ? { session: event.data.session } : state),
  });
