import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

export type Ailment = 'late' | 'never-ran' | 'failing';

export type HealthEvent =
  | DomainEvent<'AlertRaised', { job: string; ailment: Ailment; since: Instant; message: string }>
  | DomainEvent<'AlertCleared', { job: string; ailment: Ailment }>;

export type HealthState = { readonly ailment: Ailment | null; readonly since: Instant | null };
