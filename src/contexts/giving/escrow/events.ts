import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

/** Who gives what to whom; each event carries it, so that reactors need no other stream. Ids are random, never names. */
export type Donation = { readonly donor: string; readonly recipient: string; readonly cents: string };

/** `reason` is an operator's note of why; it must hold no personal data, since events are kept. */
export type EscrowEvent =
  | DomainEvent<'DonationSent', Donation>
  | DomainEvent<'EscrowHeld', Donation & { receivedAt: Instant; holdUntil: Instant }>
  | DomainEvent<'EscrowReleased', Donation & { early: boolean; reason: string | null }>
  | DomainEvent<'EscrowRefunded', Donation & { reason: string }>;

export type EscrowState =
  | { readonly status: 'none' }
  | ({ readonly status: 'sent' | 'released' | 'refunded' } & Donation)
  | ({ readonly status: 'holding'; readonly holdUntil: Instant } & Donation);
