import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

export type ImportEvent =
  | DomainEvent<
      'ImportStarted',
      { name: string; lines: number; contexts: readonly string[]; from: Instant; to: Instant; shiftWeeks: number }
    >
  | DomainEvent<'ImportAdvanced', { cursor: Instant; done: number }>
  | DomainEvent<'ImportFinished', { accepted: number; rejected: number; ignored: number }>;

export type ImportState = {
  readonly status: 'none' | 'running' | 'finished';
  readonly name: string;
  readonly contexts: readonly string[];
  readonly lines: number;
  readonly done: number;
  readonly cursor: Instant | null;
  readonly to: Instant | null;
  readonly shiftWeeks: number;
};
