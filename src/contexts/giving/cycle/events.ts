import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

/** States of the documents in order: received, obligated; fulfilled and defaulted come with checklist C3. */
export type CycleEvent =
  | DomainEvent<'CycleReceived', { recipient: string; cents: string; receivedAt: Instant }>
  | DomainEvent<'CycleObligated', { recipient: string; dueDate: Instant }>
  | DomainEvent<'CycleVoided', { recipient: string }>;

export type CycleState =
  | { readonly status: 'none' }
  | { readonly status: 'received'; readonly recipient: string; readonly receivedAt: Instant }
  | { readonly status: 'obligated'; readonly recipient: string; readonly dueDate: Instant }
  | { readonly status: 'voided'; readonly recipient: string };
