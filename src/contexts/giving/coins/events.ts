import type { DomainEvent } from '../../../core/event.ts';

export type CoinsEvent = DomainEvent<'CoinsAwarded', { escrow: string; coins: number }>;

export type CoinsState = { readonly balance: number };
