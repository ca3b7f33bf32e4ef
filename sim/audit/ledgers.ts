import type { ScheduleEvent, ScheduleState } from '../../src/contexts/engine/schedule/events.ts';
import { schedule } from '../../src/contexts/engine/schedule/schedule.ts';
import { decidedUpTo, nextPending } from '../../src/contexts/engine/schedule/slots-of.ts';
import { commandRejected, type RecordedEvent } from '../../src/core/event.ts';
import { fromMs, type Instant, toMs } from '../../src/core/instant.ts';
import { countSlots, nextSlot } from '../../src/core/slots.ts';
import { categoryOf, idOf } from '../../src/core/stream.ts';
import type { Say } from './problem.ts';

type Entry = RecordedEvent & ScheduleEvent;

/** How many slots the definitions had, each for as long as it was valid. */
const slotsOf = (ledger: readonly Entry[]): number => {
  let state: ScheduleState = schedule.initial;
  let count = 0;
  let from: Instant | null = null;
  const upTo = (to: Instant): void => {
    if (state.definition !== null && from !== null && to > from)
      count += countSlots(state.definition.schedule, state.definition.zone, from, to);
    if (from === null || to > from) from = to;
  };
  for (const event of ledger) {
    if (event.type === 'ScheduleDefined') from ??= fromMs(toMs(event.data.activeFrom) - 1);
    if (event.type === 'ScheduleChanged') {
      const decided = decidedUpTo(state);
      upTo(decided !== null && decided > event.data.effectiveFrom ? decided : event.data.effectiveFrom);
    }
    state = schedule.evolve(state, event as never);
  }
  if (from === null || state.watermark === null || state.definition === null) return count;
  // A change can lie after the newest verdict: its earlier definition is counted up to there only.
  const rest = state.watermark < from ? -countSlots(state.definition.schedule, state.definition.zone, state.watermark, from) : 0;
  upTo(state.watermark);
  return count + rest;
};

/** I11: a task that catches up with its latest slot only does not run one slot after the other. */
const checkCatchUp = (key: string, ledger: readonly Entry[], say: Say): void => {
  let state: ScheduleState = schedule.initial;
  let last: Instant | null = null;
  for (const event of ledger) {
    const definition = state.definition;
    if (event.type === 'SlotOpened' && event.data.cause === 'catch-up' && definition?.catchUp === 'latest') {
      const { openedAt } = event.data;
      const next = last === null ? null : nextSlot(definition.schedule, definition.zone, last);
      const following = next === null ? null : nextSlot(definition.schedule, definition.zone, next);
      if (next !== null && following !== null && toMs(openedAt) - toMs(last!) < (toMs(following) - toMs(next)) / 2)
        say('I11', `${key} caught up at ${last} and again at ${openedAt}`);
      last = openedAt;
    }
    state = schedule.evolve(state, event as never);
  }
};

/** I2, I10: every slot up to the watermark has exactly one verdict, and nothing is pending. */
export const checkLedgers = (events: readonly RecordedEvent[], now: Instant, say: Say): void => {
  const ledgers = new Map<string, Entry[]>();
  for (const event of events)
    if (categoryOf(event.stream) === 'engine.schedule' && event.type !== commandRejected) {
      const ledger = ledgers.get(event.stream) ?? [];
      ledgers.set(event.stream, ledger);
      ledger.push(event as Entry);
    }
  for (const [stream, ledger] of ledgers) {
    const state = ledger.reduce<ScheduleState>((before, event) => schedule.evolve(before, event as never), schedule.initial);
    const key = idOf(stream as never);
    if (state.open !== null) say('I10', `${state.open.slot} is still open`);
    const pending = nextPending(state);
    if (pending !== null && pending <= now) say('I10', `${key} has a slot pending since ${pending}`);
    const closed = ledger.flatMap((event) =>
      event.type === 'SlotClosed' && !event.data.slot.includes('@manual-') ? [event.data.slot] : [],
    );
    const skipped = ledger.reduce((sum, event) => sum + (event.type === 'SlotsSkipped' ? event.data.count : 0), 0);
    const wanted = slotsOf(ledger);
    if (new Set(closed).size !== closed.length || closed.length + skipped !== wanted)
      say('I2', `${key}: ${closed.length} closed and ${skipped} skipped of ${wanted}`);
    checkCatchUp(key, ledger, say);
  }
};
