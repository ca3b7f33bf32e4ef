import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';
import type { Json } from '../../../core/json.ts';

export type EffectEvent =
  | DomainEvent<'EffectRequested', { effect: string; key: string; data: Json }>
  | DomainEvent<'EffectStarted', { attempt: number }>
  | DomainEvent<'EffectConfirmed', { attempt: number; reference: string | null }>
  | DomainEvent<'EffectFailed', { attempt: number; message: string; nextAt: Instant }>
  | DomainEvent<'EffectUnknown', { attempt: number; message: string; nextAt: Instant }>
  | DomainEvent<'EffectParked', { attempt: number; message: string }>
  | DomainEvent<'EffectReplayed', Record<string, never>>
  | DomainEvent<'EffectDiscarded', Record<string, never>>;

export type EffectStatus = 'none' | 'requested' | 'started' | 'confirmed' | 'waiting' | 'parked' | 'discarded';
