import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

/** What failed: `about` under `job` (an actor under a job, or an event under a reactor). */
type Failure = { readonly job: string; readonly about: string; readonly attempt: number; readonly message: string; readonly build: number };

export type ItemEvent =
  | DomainEvent<'ItemFailed', Failure & { nextAt: Instant }>
  | DomainEvent<'ItemParked', Failure>
  | DomainEvent<'ItemRecovered', Record<string, never>>
  | DomainEvent<'ItemReplayed', { at: Instant }>
  | DomainEvent<'ItemDiscarded', Record<string, never>>;

export type ItemState = {
  readonly status: 'none' | 'waiting' | 'parked' | 'recovered' | 'discarded';
  readonly job: string;
  readonly about: string;
  readonly attempt: number;
  readonly message: string;
  readonly nextAt: Instant | null;
  readonly build: number;
};
