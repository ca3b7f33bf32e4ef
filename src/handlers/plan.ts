import type { OpenSlotState, ScheduleState } from '../contexts/engine/schedule/events.ts';
import { jobOfKey, keyOfSlot, type SlotId, scheduleKey, scheduleStream } from '../core/ids.ts';
import { durationMs, plus } from '../core/instant.ts';
import type { AnyJob, Scheduled } from '../core/job.ts';
import { isSlot } from '../core/slots.ts';
import { caughtUp } from '../projections/caught-up.ts';
import { dueIndexName } from '../projections/due-index.ts';
import { actorRow, countDueByOwner, population } from '../projections/due-queries.ts';
import type { CoordinatorDeps } from './coordinator.ts';

export type Plan = {
  readonly task: boolean;
  readonly due: { readonly [partition: string]: number };
  readonly held: { readonly population: number; readonly maxShare: number } | null;
};

/** A job that waits for another's same slot goes on without it after this long. */
const afterWithinMs = 60_000;
const lookAgainMs = 20;

/** Counts what a slot has to do, once everything that can still reach its actors has arrived (design section 6). Null: nothing is due. */
export const createPlanner = (deps: CoordinatorDeps, signal: AbortSignal) => {
  const waitFor = async (item: Scheduled, open: OpenSlotState): Promise<void> => {
    const limit = deps.clock.monotonic() + afterWithinMs;
    for (const name of item.after ?? []) {
      const before = deps.registry.scheduled.get(name);
      if (before === undefined || !isSlot(before.schedule, before.zone, open.at)) continue;
      for (;;) {
        const row = await actorRow(deps.readModels, scheduleStream(scheduleKey(name)));
        const state = row?.state as ScheduleState | undefined;
        const pending =
          state?.status === 'active' &&
          state.paused === null &&
          state.definition?.enabled === true &&
          state.watermark !== null &&
          state.watermark < open.at;
        if (!pending || signal.aborted) break;
        if (deps.clock.monotonic() > limit) {
          deps.observers.note({
            kind: 'log',
            level: 'warn',
            scope: 'coordinator',
            message: `${item.name} goes on without ${name}, whose slot has no verdict after 60 s`,
            facts: { slot: open.slot },
          });
          break;
        }
        await deps.clock.sleep(lookAgainMs, signal);
      }
    }
  };

  /** Reactors that can reach a category, then the due index: everything sent before this call has been answered and is in the index. */
  const settled = async (category: string): Promise<void> => {
    await deps.recomputed;
    await deps.reactors.drained(category, signal);
    await caughtUp(deps, [dueIndexName], signal);
  };

  const held = async (job: AnyJob, total: number): Promise<Plan['held']> => {
    if (job.maxShare === undefined) return null;
    const all = await population(deps.readModels, job.actor.category);
    return all > 0 && total / all > job.maxShare ? { population: all, maxShare: job.maxShare } : null;
  };

  return async (slot: SlotId, open: OpenSlotState): Promise<Plan | null> => {
    const key = keyOfSlot(slot);
    const item = deps.registry.scheduled.get(jobOfKey(key));
    if (item === undefined) throw new Error(`no job of this build is named ${jobOfKey(key)}`);
    if (item.grace !== undefined) await deps.clock.sleepUntil(plus(open.at, durationMs(item.grace)), signal);
    await waitFor(item, open);
    const job = deps.registry.jobs.get(item.name);
    if (job === undefined) return { task: true, due: {}, held: null };
    await settled(job.actor.category);
    if (signal.aborted) return null;
    const due = await countDueByOwner(deps.readModels, key, open.at);
    const total = Object.values(due).reduce((sum, count) => sum + count, 0);
    if (total === 0) return null;
    const manual = open.cause === 'manual' || open.cause === 'backfill';
    return { task: false, due, held: manual ? null : await held(job, total) };
  };
};
