import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

/** Where a reactor's command came from, so that a replay can make it again; `command` is null when the reactor itself threw. */
export type ReactionCause = { readonly stream: string; readonly revision: number; readonly command: string | null };

/** What failed: `about` under `job` (an actor under a job, or what a reactor's command was sent to). */
type Failure = {
  readonly job: string;
  readonly about: string;
  readonly attempt: number;
  readonly message: string;
  readonly build: number;
  readonly reaction?: ReactionCause;
};

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
  readonly reaction?: ReactionCause;
  /** How often a person had it tried again; absent before the first time. */
  readonly replays?: number;
};
