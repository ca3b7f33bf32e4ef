import type { DomainEvent } from '../../../core/event.ts';
import type { SlotId } from '../../../core/ids.ts';
import type { Instant } from '../../../core/instant.ts';
import type { Json } from '../../../core/json.ts';
import type { Cause } from '../schedule/events.ts';

export type RunEvent =
  | DomainEvent<
      'RunOpened',
      {
        slot: SlotId;
        key: string;
        at: Instant;
        cause: Cause;
        task: boolean;
        due: { readonly [partition: string]: number };
        total: number;
        timeoutMinutes: number;
        openedAt: Instant;
        imported?: string;
      }
    >
  | DomainEvent<'SliceDone', { partition: string; epoch: number; settled: number; waiting: number; parked: number; finished: boolean }>
  | DomainEvent<'RunResumed', { epoch: number; since: Instant; careful: boolean }>
  | DomainEvent<'RunHeld', { due: number; population: number; maxShare: number }>
  | DomainEvent<'RunApproved', { since: Instant }>
  | DomainEvent<'TaskFailed', { attempt: number; message: string; nextAt: Instant }>
  | DomainEvent<'RunCancelled', { message: string }>
  | DomainEvent<'RunTimedOut', Record<string, never>>
  | DomainEvent<'RunCompleted', { parked: number; result: Json }>
  | DomainEvent<'RunFailed', { message: string }>;

export type RunStatus = 'none' | 'running' | 'held' | 'cancelled' | 'timed-out' | 'completed' | 'failed';
