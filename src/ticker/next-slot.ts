import type { Cause, ScheduleState } from '../contexts/engine/schedule/events.ts';
import { lastSlotUpTo, nextPending, slotAfter } from '../contexts/engine/schedule/slots-of.ts';
import { scheduleKey } from '../core/ids.ts';
import { type Instant, later, plus } from '../core/instant.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { firstDueAt } from '../projections/due-queries.ts';

/** The slot to open next; `missed` when it is not the newest one that is due. */
export type NextSlot = { readonly at: Instant; readonly cause: Cause; readonly missed: boolean };

/**
 * Which pending slot is opened at `now` (design section 6): of an at-due job the first with something due in it, of a
 * task or at-tick job the one that `catchUp` says. What lies before it is skipped by the schedule's own decision.
 */
export const nextSlotToOpen = async (readModels: ReadModels, state: ScheduleState, now: Instant): Promise<NextSlot | null> => {
  const first = nextPending(state);
  const { definition } = state;
  if (first === null || first > now || definition === null || state.open !== null) return null;
  const latest = lastSlotUpTo(state, now) ?? first;
  const held = state.paused !== null || !definition.enabled;
  if (latest === first || held) return { at: held ? latest : first, cause: 'schedule', missed: false };
  if (definition.catchUp === 'all') return { at: first, cause: 'catch-up', missed: true };
  if (definition.catchUp !== 'due') return { at: latest, cause: 'catch-up', missed: false };
  const due = await firstDueAt(readModels, scheduleKey(definition.job, definition.scope));
  if (due === null || due > latest) return { at: latest, cause: 'catch-up', missed: false };
  const slot = slotAfter(state, plus(later(due, first), -1)) ?? latest;
  return { at: slot < latest ? slot : latest, cause: 'catch-up', missed: slot < latest };
};
