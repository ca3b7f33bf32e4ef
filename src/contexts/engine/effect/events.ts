import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';
import type { Json } from '../../../core/json.ts';

/** The outcomes name the effect and its key, so that a reactor can go on from them. */
export type EffectEvent =
  | DomainEvent<'EffectRequested', { effect: string; key: string; data: Json; at: Instant }>
  | DomainEvent<'EffectStarted', { attempt: number; giveUpAt: Instant }>
  | DomainEvent<'EffectConfirmed', { effect: string; key: string; attempt: number; reference: string | null }>
  | DomainEvent<'EffectFailed', { attempt: number; message: string; nextAt: Instant }>
  | DomainEvent<'EffectUnknown', { attempt: number; message: string; nextAt: Instant }>
  /** `heldBy`: not called yet; the import of whose facts it is an effect. */
  | DomainEvent<'EffectParked', { effect: string; key: string; attempt: number; message: string; heldBy?: string }>
  | DomainEvent<'EffectReplayed', { at: Instant }>
  | DomainEvent<'EffectDiscarded', Record<string, never>>;

export type EffectStatus = 'none' | 'requested' | 'started' | 'confirmed' | 'parked' | 'discarded';

export type EffectState = {
  readonly status: EffectStatus;
  readonly effect: string;
  readonly key: string;
  readonly data: Json;
  /** Tries since the request or the last replay. */
  readonly attempt: number;
  /** When the next try may start, or when a started one is given up. */
  readonly nextAt: Instant | null;
  readonly message: string | null;
};
