import type { DomainEvent } from '../../../core/event.ts';

/** The donor's totals after a change, and the score in hundredths that they give. */
export type DonorScored = DomainEvent<
  'DonorScored',
  { change: 'donation' | 'refund' | 'coins'; escrow: string; donatedCents: string; coins: number; score: string }
>;

export type DonorState = { readonly donatedCents: string; readonly coins: number; readonly score: string };
