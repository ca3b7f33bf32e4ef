import { type Instant, justAfter } from '../../../core/instant.ts';
import { nextSlot, previousSlot } from '../../../core/slots.ts';
import type { Definition, ScheduleState } from './events.ts';

/** The definitions that slots after the watermark follow, oldest first; each is valid up to and with `until`. */
const segments = (state: ScheduleState): readonly { definition: Definition; until: Instant | null }[] =>
  state.definition === null ? [] : [...state.earlier, { definition: state.definition, until: null }];

/** The first slot after `after`, by the definition that was valid then. */
export const slotAfter = (state: ScheduleState, after: Instant): Instant | null => {
  let from = after;
  for (const { definition, until } of segments(state)) {
    if (until !== null && until <= from) continue;
    const slot = nextSlot(definition.schedule, definition.zone, from);
    if (slot !== null && (until === null || slot <= until)) return slot;
    if (until !== null) from = until;
  }
  return null;
};

/** The last slot at or before `to`, by the definition that was valid then; null when there is none after the watermark. */
export const lastSlotUpTo = (state: ScheduleState, to: Instant): Instant | null => {
  const after = decidedUpTo(state);
  if (after === null) return null;
  for (const { definition, until } of [...segments(state)].reverse()) {
    const before = until !== null && until < to ? until : to;
    const slot = previousSlot(definition.schedule, definition.zone, justAfter(before));
    const start = startOf(state, definition);
    if (slot !== null && slot > after && (start === null || slot > start)) return slot;
  }
  return null;
};

const startOf = (state: ScheduleState, definition: Definition): Instant | null => {
  const all = segments(state);
  const index = all.findIndex((segment) => segment.definition === definition);
  return index > 0 ? (all[index - 1]?.until ?? null) : null;
};

/** Every slot up to here has a verdict or is the open one. */
export const decidedUpTo = (state: ScheduleState): Instant | null => {
  const { watermark, open } = state;
  if (open === null || open.cause === 'manual' || open.cause === 'backfill') return watermark;
  return watermark === null || open.at > watermark ? open.at : watermark;
};

/** The first slot without a verdict, also in the future; null for a schedule that is not active. */
export const nextPending = (state: ScheduleState): Instant | null => {
  const after = decidedUpTo(state);
  return state.status === 'active' && after !== null ? slotAfter(state, after) : null;
};
