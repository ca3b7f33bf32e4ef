import type { Wish } from '../../../core/command.ts';
import { accept, defineDecider, reject } from '../../../core/decider.ts';
import type { Transfer, WalletEvent, WalletState } from './events.ts';

/** Sent by reactors to escrow events only; a repeat is found by its command id (checklist 0.3, K2). */
export type WalletCommand = Wish<'ReserveFunds', Transfer> | Wish<'PostFunds', Transfer> | Wish<'VoidFunds', Transfer>;

const add = (a: string, b: string): string => (BigInt(a) + BigInt(b)).toString();
const subtract = (a: string, b: string): string => (BigInt(a) - BigInt(b)).toString();

/**
 * A recipient's money: receivable while it is held, fiat when the hold ended. Posting or voiding more than is
 * receivable fails, so neither balance is ever negative (checklist C, money rules).
 */
export const walletDecider = defineDecider<WalletState, WalletCommand, WalletEvent>({
  category: 'giving.wallet',
  initial: { receivableCents: '0', fiatCents: '0' },
  events: ['FundsReceivable', 'FundsPosted', 'FundsVoided'],
  decide: (command, state) => {
    const { escrow, cents } = command.data;
    if (command.type === 'ReserveFunds') return accept('funds-receivable', [{ type: 'FundsReceivable', data: { escrow, cents } }]);
    if (BigInt(cents) > BigInt(state.receivableCents)) return reject('receivable-too-low', { receivableCents: state.receivableCents });
    if (command.type === 'PostFunds') return accept('funds-posted', [{ type: 'FundsPosted', data: { escrow, cents } }]);
    return accept('funds-voided', [{ type: 'FundsVoided', data: { escrow, cents } }]);
  },
  evolve: (state, { type, data }) => {
    if (type === 'FundsReceivable') return { ...state, receivableCents: add(state.receivableCents, data.cents) };
    const receivableCents = subtract(state.receivableCents, data.cents);
    return type === 'FundsPosted' ? { receivableCents, fiatCents: add(state.fiatCents, data.cents) } : { ...state, receivableCents };
  },
});
