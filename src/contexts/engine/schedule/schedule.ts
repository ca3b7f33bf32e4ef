import type { Wish } from '../../../core/command.ts';
import { accept, type Decision, defineDecider, ignore, reject } from '../../../core/decider.ts';
import { type SlotId, scheduleKey, slotId } from '../../../core/ids.ts';
import { earlier, type Instant, plus } from '../../../core/instant.ts';
import { canonical } from '../../../core/json.ts';
import { countSlots } from '../../../core/slots.ts';
import type { Cause, Counts, Definition, ScheduleEvent, ScheduleState, SkipReason, Verdict } from './events.ts';
import { evolve, initial } from './evolve.ts';
import { decidedUpTo, lastSlotUpTo, slotAfter } from './slots-of.ts';

export type ScheduleCommand =
  | Wish<'DefineSchedule', { definition: Definition; activeFrom: Instant }>
  | Wish<'PauseSchedule', { until: Instant | null }>
  | Wish<'ResumeSchedule', Record<string, never>>
  | Wish<'EndPause', Record<string, never>>
  | Wish<'RemoveSchedule', Record<string, never>>
  | Wish<'OpenSlot', { slot: SlotId; at: Instant; cause: Cause; imported?: string }>
  | Wish<'TrimLedger', { before: Instant }>
  | Wish<'CloseSlot', { slot: SlotId; verdict: Verdict; counts: Counts; durationMs: number; message: string | null }>;

type Result = Decision<ScheduleEvent>;
type Open = Extract<ScheduleCommand, { type: 'OpenSlot' }>;

/** A slot may be opened this much before its instant by the owner's clock (reliability I13). */
const aheadMs = 5_000;
/** With catch-up `skip`, a slot older than this is missed. */
const missedAfterMs = 60_000;
/** The ledger is folded after this many verdicts, so that a load stays short. */
const foldEvery = 500;

const sameDefinition = (a: Definition, b: Definition): boolean => canonical({ ...a, build: 0 }) === canonical({ ...b, build: 0 });

const byCode = /^code, build \d+$/;

const define = (command: Extract<ScheduleCommand, { type: 'DefineSchedule' }>, state: ScheduleState): Result => {
  const { definition, activeFrom } = command.data;
  const by = command.by === undefined || byCode.test(command.by) ? 'code' : command.by;
  if (state.status !== 'active' || state.definition === null)
    return accept('defined', [{ type: 'ScheduleDefined', data: { definition, activeFrom, by } }]);
  if (definition.build < state.definition.build)
    return ignore('older-build', { defined: state.definition.build, offered: definition.build });
  if (sameDefinition(definition, state.definition)) return ignore('unchanged');
  return accept('changed', [{ type: 'ScheduleChanged', data: { definition, effectiveFrom: command.asOf, by } }]);
};

const pause = (command: Extract<ScheduleCommand, { type: 'PauseSchedule' }>, state: ScheduleState): Result => {
  if (!command.reason) return reject('reason-missing');
  if (state.paused !== null) return reject('already-paused', { since: state.paused.since });
  if (command.data.until !== null && command.data.until <= command.asOf) return reject('until-past', { until: command.data.until });
  return accept('paused', [
    { type: 'SchedulePaused', data: { since: command.asOf, until: command.data.until, by: command.by ?? null, reason: command.reason } },
  ]);
};

/** The verdict on the pending slots before `at`, or up to and with it. */
const skip = (state: ScheduleState, at: Instant, inclusive: boolean, reason: SkipReason): ScheduleEvent[] => {
  const after = decidedUpTo(state);
  const from = after === null ? null : slotAfter(state, after);
  const to = lastSlotUpTo(state, inclusive ? at : plus(at, -1));
  if (after === null || state.definition === null || from === null || to === null || to < from) return [];
  let count = 0;
  let start = after;
  for (const { definition, until } of [...state.earlier, { definition: state.definition, until: to }]) {
    const end = earlier(until, to);
    if (end <= start) continue;
    count += countSlots(definition.schedule, definition.zone, start, end);
    start = end;
  }
  return [{ type: 'SlotsSkipped', data: { from, to, count, reason, chapter: state.chapter } }];
};

/** What a run tells of its schedule. */
const origin = ({ version, definedBy, chapter }: ScheduleState) => ({ version, definedBy, chapter });

const openManual = (command: Open, state: ScheduleState, key: string): Result => {
  const { slot, at, cause } = command.data;
  if (state.open !== null) return reject('already-running', { slot: state.open.slot });
  if (cause === 'backfill') {
    const nth = (state.unfinished[at] ?? 0) + 1;
    const never = state.skipped.some((stretch) => stretch.from <= at && at <= stretch.to) && !state.backfilled.includes(at);
    if (!never && !(at in state.unfinished)) return reject('not-open-for-backfill', { at });
    if (slot !== slotId(key, at, nth)) return reject('slot-unaligned', { at, expected: slotId(key, at, nth) });
  } else if (!slot.startsWith(`${key}@manual-`)) return reject('slot-unaligned', { slot });
  return accept(cause, [{ type: 'SlotOpened', data: { slot, at, cause, ...origin(state), openedAt: command.asOf } }]);
};

const open = (command: Open, state: ScheduleState): Result => {
  const { slot, at, cause, imported } = command.data;
  const definition = state.definition;
  if (state.status !== 'active' || definition === null) return reject('schedule-unknown');
  const key = scheduleKey(definition.job, definition.scope);
  if (state.open?.slot === slot) return ignore('already-open');
  if (at > plus(command.asOf, aheadMs)) return reject('slot-future', { at });
  if (cause === 'manual' || cause === 'backfill') return openManual(command, state, key);
  const decided = decidedUpTo(state);
  if (decided === null || at <= decided) return ignore('already-decided', { watermark: state.watermark });
  if (state.open !== null) return ignore('slot-open', { slot: state.open.slot });
  if (slot !== slotId(key, at) || slotAfter(state, plus(at, -1)) !== at) return reject('slot-unaligned', { at });
  if (state.paused !== null) return accept('paused', skip(state, at, true, 'paused'));
  if (!definition.enabled) return accept('disabled', skip(state, at, true, 'disabled'));
  if (definition.catchUp === 'skip' && at < plus(command.asOf, -missedAfterMs)) return accept('missed', skip(state, at, true, 'missed'));
  const reason: SkipReason =
    definition.catchUp === 'due' ? 'nothing-due' : state.last !== null && state.last.closedAt >= at ? 'overlap' : 'missed';
  return accept(cause, [
    ...skip(state, at, false, reason),
    {
      type: 'SlotOpened',
      data: { slot, at, cause, ...origin(state), openedAt: command.asOf, ...(imported === undefined ? {} : { imported }) },
    },
  ]);
};

const close = (command: Extract<ScheduleCommand, { type: 'CloseSlot' }>, state: ScheduleState): Result => {
  const { slot, verdict, counts, durationMs, message } = command.data;
  if (state.open?.slot !== slot) return ignore('not-open');
  return accept(verdict, [
    { type: 'SlotClosed', data: { slot, at: state.open.at, verdict, counts, durationMs, message, closedAt: command.asOf } },
  ]);
};

const foldedIfLong = (result: Result, state: ScheduleState, asOf: Instant): Result => {
  if (result.kind !== 'accepted') return result;
  const next = result.events.reduce(evolve, state);
  // An open slot belongs to one chapter: its opening and its verdict are trimmed together.
  if (next.verdicts < foldEvery || next.open !== null) return result;
  const { chapter } = next;
  const folded: ScheduleState = { ...next, verdicts: 0, chapter: chapter + 1, chapters: [...next.chapters, { chapter, until: asOf }] };
  return { ...result, events: [...result.events, { type: 'LedgerFolded', data: { state: folded } }] };
};

/** The chapters that ended before an instant may go: what they told in figures is in the folds behind them. */
const trim = ({ data: { before } }: Extract<ScheduleCommand, { type: 'TrimLedger' }>, state: ScheduleState): Result => {
  const chapters = state.chapters.filter(({ until }) => until < before).map(({ chapter }) => chapter);
  if (chapters.length === 0) return ignore('nothing-so-old', { before });
  return accept('older-than-keep-runs', [{ type: 'LedgerTrimmed', data: { chapters } }], { before });
};

/**
 * A schedule and its ledger: which slots there are, and what became of each (design section 6). Every due slot ends in
 * one SlotClosed or SlotsSkipped; one slot is open at a time.
 */
export const schedule = defineDecider<ScheduleState, ScheduleCommand, ScheduleEvent>({
  category: 'engine.schedule',
  initial,
  events: [
    'ScheduleDefined',
    'ScheduleChanged',
    'SchedulePaused',
    'ScheduleResumed',
    'ScheduleRemoved',
    'SlotOpened',
    'SlotClosed',
    'SlotsSkipped',
    'LedgerFolded',
    'LedgerTrimmed',
  ],
  foldedBy: 'LedgerFolded',
  decide: (command, state) => {
    switch (command.type) {
      case 'DefineSchedule':
        return define(command, state);
      case 'PauseSchedule':
        return state.status === 'active' ? pause(command, state) : reject('schedule-unknown');
      case 'ResumeSchedule':
        return state.paused === null ? reject('not-paused') : accept('resumed', [{ type: 'ScheduleResumed', data: {} }]);
      case 'EndPause':
        return state.paused === null ? ignore('not-paused') : accept('pause-ended', [{ type: 'ScheduleResumed', data: {} }]);
      case 'RemoveSchedule':
        return state.status === 'active' ? accept('removed', [{ type: 'ScheduleRemoved', data: {} }]) : reject('schedule-unknown');
      case 'OpenSlot':
        return foldedIfLong(open(command, state), state, command.asOf);
      case 'CloseSlot':
        return foldedIfLong(close(command, state), state, command.asOf);
      case 'TrimLedger':
        return trim(command, state);
    }
  },
  evolve,
});

/** The end of a pause with `until`. */
export const endPause = {
  name: 'engine/end-pause',
  dueAt: (state: ScheduleState) => state.paused?.until ?? null,
  command: (_id: string, asOf: Instant): ScheduleCommand => ({ type: 'EndPause', data: {}, asOf }),
};
