import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

/** The three shares add up to `microUsdc` to the last unit (decision 5). */
export type Split = {
  readonly session: string;
  readonly game: string;
  readonly microUsdc: string;
  readonly dailyMicroUsdc: string;
  readonly weeklyMicroUsdc: string;
  readonly platformMicroUsdc: string;
  readonly paidAt: Instant;
};

export type PaymentEvent = DomainEvent<'PaymentSplit', Split> | DomainEvent<'PaymentReused', { session: string }>;

export type PaymentState = { readonly session: string | null };
