import type { Definition } from '../../../core/definition.ts';
import type { DomainEvent } from '../../../core/event.ts';
import type { SlotId } from '../../../core/ids.ts';
import type { Instant } from '../../../core/instant.ts';

/** Why a slot was opened. */
export type Cause = 'schedule' | 'catch-up' | 'backfill' | 'manual';
export type { Definition };
export type Verdict = 'completed' | 'failed' | 'cancelled' | 'timed-out';
export type SkipReason = 'nothing-due' | 'missed' | 'overlap' | 'paused' | 'disabled';

export type Counts = {
  readonly due: number;
  readonly changed: number;
  readonly parked: number;
  /** Events whose correlation is the slot, by type. */
  readonly events: { readonly [type: string]: number };
};

export type ScheduleEvent =
  /** `by`: who gave it: `code`, or a person. */
  | DomainEvent<'ScheduleDefined', { definition: Definition; activeFrom: Instant; by: string }>
  | DomainEvent<'ScheduleChanged', { definition: Definition; effectiveFrom: Instant; by: string }>
  | DomainEvent<'SchedulePaused', { since: Instant; until: Instant | null; by: string | null; reason: string }>
  | DomainEvent<'ScheduleResumed', Record<string, never>>
  | DomainEvent<'ScheduleRemoved', Record<string, never>>
  | DomainEvent<
      'SlotOpened',
      { slot: SlotId; at: Instant; cause: Cause; version: number; definedBy: string; openedAt: Instant; chapter: number; imported?: string }
    >
  | DomainEvent<
      'SlotClosed',
      { slot: SlotId; at: Instant; verdict: Verdict; counts: Counts; durationMs: number; message: string | null; closedAt: Instant }
    >
  | DomainEvent<'SlotsSkipped', { from: Instant; to: Instant; count: number; reason: SkipReason; chapter: number }>
  | DomainEvent<'LedgerFolded', { state: ScheduleState }>
  /** The verdicts of these chapters (what lies between two folds) are dropped, and their runs with them. */
  | DomainEvent<'LedgerTrimmed', { chapters: readonly number[] }>;

export type OpenSlotState = {
  readonly slot: SlotId;
  readonly at: Instant;
  readonly cause: Cause;
  readonly openedAt: Instant;
  /** The import that it was opened in: effects of what it settles are held. */
  readonly imported?: string;
};

export type ScheduleState = {
  readonly status: 'none' | 'active' | 'removed';
  readonly definition: Definition | null;
  /** How many definitions there have been: the "v3" of "schedule v3". */
  readonly version: number;
  readonly paused: {
    readonly since: Instant;
    readonly until: Instant | null;
    readonly by: string | null;
    readonly reason: string | null;
  } | null;
  /** Every slot up to here has a verdict. */
  readonly watermark: Instant | null;
  readonly open: OpenSlotState | null;
  /** Definitions of before, for slots after the watermark that still follow them; each valid up to and with `until`. */
  readonly earlier: readonly { readonly definition: Definition; readonly until: Instant }[];
  /** The newest slots that did not complete, and how often each was opened again: those that a backfill may open. At most 100. */
  readonly unfinished: { readonly [slotInstant: string]: number };
  /** The newest skipped stretches that a backfill may open. At most 50. */
  readonly skipped: readonly { readonly from: Instant; readonly to: Instant }[];
  /** The newest slots that a backfill completed; they are not opened again. At most 100. */
  readonly backfilled: readonly Instant[];
  readonly last: { readonly slot: SlotId; readonly verdict: Verdict; readonly openedAt: Instant; readonly closedAt: Instant } | null;
  /** All verdicts ever: what a folded and trimmed ledger still tells. Slots that were skipped count one each. */
  readonly totals: { readonly [verdict in Verdict]: number } & { readonly skipped: number; readonly durationMs: number };
  /** When the schedule first became active. */
  readonly activeFrom: Instant | null;
  readonly definedBy: string;
  readonly lastSuccessAt: Instant | null;
  readonly lastFailureAt: Instant | null;
  /** The first failure since the last success. */
  readonly failingSince: Instant | null;
  readonly failuresInARow: number;
  /** Verdict events since the last fold. */
  readonly verdicts: number;
  /** The number of this chapter of the ledger; a fold ends one. */
  readonly chapter: number;
  /** The chapters that are over and not yet trimmed, and when each ended. */
  readonly chapters: readonly { readonly chapter: number; readonly until: Instant }[];
};
