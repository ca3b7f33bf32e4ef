import type { ImportState } from '../contexts/engine/import/events.ts';
import { importDecider } from '../contexts/engine/import/import.ts';
import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import { schedule } from '../contexts/engine/schedule/schedule.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import { type FollowDeps, followStates } from '../projections/follow-states.ts';

/** The schedules and running imports as the log has them, kept up to date. */
export type Watch = {
  readonly schedules: ReadonlyMap<string, ScheduleState>;
  readonly imports: ReadonlyMap<string, ImportState>;
};

/** Loads all schedules and running imports, then follows the log; `changed` is told each key that moved, null when all may have. */
export const watchSchedules = async (
  deps: FollowDeps,
  changed: (key: string | null) => void,
  signal: AbortSignal,
): Promise<{ watch: Watch; stopped: Promise<void> }> => {
  const schedules = new Map<string, ScheduleState>();
  const imports = new Map<string, ImportState>();
  const watch: Watch = { schedules, imports };
  let loaded = false;
  const { stopped } = await followStates(
    deps,
    [schedule.category, importDecider.category],
    (stream, state) => {
      const id = idOf(stream);
      const isSchedule = categoryOf(stream) === schedule.category;
      if (isSchedule) schedules.set(id, state as ScheduleState);
      else if ((state as ImportState).status === 'running') imports.set(id, state as ImportState);
      else imports.delete(id);
      if (loaded) changed(isSchedule ? id : null);
      return isSchedule || imports.has(id);
    },
    signal,
  );
  loaded = true;
  return { watch, stopped };
};
