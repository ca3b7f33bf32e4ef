import type { DomainEvent } from '../../../core/event.ts';

/** One side of a two-phase transfer; the escrow is the pending transfer and ends once only. */
export type Transfer = { readonly escrow: string; readonly cents: string };

export type WalletEvent =
  | DomainEvent<'FundsReceivable', Transfer>
  | DomainEvent<'FundsPosted', Transfer>
  | DomainEvent<'FundsVoided', Transfer>;

/** Totals only, so that a wallet with any number of escrows stays small; which escrow moved what stands in the stream. */
export type WalletState = { readonly receivableCents: string; readonly fiatCents: string };
