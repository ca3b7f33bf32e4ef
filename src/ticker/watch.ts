import type { ImportEvent, ImportState } from '../contexts/engine/import/events.ts';
import { importDecider } from '../contexts/engine/import/import.ts';
import type { ScheduleEvent, ScheduleState } from '../contexts/engine/schedule/events.ts';
import { schedule } from '../contexts/engine/schedule/schedule.ts';
import type { RecordedEvent, StreamName } from '../core/event.ts';
import { commandRejected, type Position } from '../core/event.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { dueIndexName } from '../projections/due-index.ts';
import { listActors } from '../projections/due-queries.ts';

const pageSize = 500;
const reopenAfterMs = 250;

/** The schedules and running imports as the log has them, kept up to date. */
export type Watch = {
  readonly schedules: ReadonlyMap<string, ScheduleState>;
  readonly imports: ReadonlyMap<string, ImportState>;
};

/** Loads all schedules from the due index, then follows the log; `changed` is told each key that moved. */
export const watchSchedules = async (
  deps: { store: EventStore; readModels: ReadModels; clock: Clock },
  changed: (key: string | null) => void,
  signal: AbortSignal,
): Promise<{ watch: Watch; stopped: Promise<void> }> => {
  const schedules = new Map<string, ScheduleState>();
  const imports = new Map<string, ImportState>();
  const revisions = new Map<string, number>();

  const take = (event: RecordedEvent): void => {
    if (event.type === commandRejected || (revisions.get(event.stream) ?? -1) >= event.revision) return;
    revisions.set(event.stream, event.revision);
    const id = idOf(event.stream);
    if (categoryOf(event.stream) === schedule.category) {
      schedules.set(id, schedule.evolve(schedules.get(id) ?? schedule.initial, event as unknown as ScheduleEvent));
      changed(id);
      return;
    }
    const next = importDecider.evolve(imports.get(id) ?? importDecider.initial, event as unknown as ImportEvent);
    if (next.status === 'running') imports.set(id, next);
    else imports.delete(id);
    changed(null);
  };

  const load = async (): Promise<Position | null> => {
    // Rows may be newer than this checkpoint: their revisions tell which events they already hold.
    const from = await deps.readModels.checkpoint(dueIndexName);
    for (const category of [schedule.category, importDecider.category]) {
      for (let after: string | undefined; ; ) {
        const page = await listActors(deps.readModels, category, { limit: pageSize, ...(after === undefined ? {} : { after }) });
        for (const row of page) {
          revisions.set(row.stream, row.revision);
          if (category === schedule.category) schedules.set(idOf(row.stream as StreamName), row.state as ScheduleState);
          else if ((row.state as ImportState).status === 'running') imports.set(idOf(row.stream as StreamName), row.state as ImportState);
        }
        after = page.at(-1)?.stream;
        if (page.length < pageSize) break;
      }
    }
    return from;
  };

  let position = await load();
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const page of deps.store.subscribe(
          { after: position, categories: [schedule.category, importDecider.category] },
          signal,
        )) {
          for (const event of page.events) take(event);
          position = page.upTo;
        }
      } catch {
        // The store went away: the subscription is opened again from where it was.
      }
      await deps.clock.sleep(reopenAfterMs, signal);
    }
  };
  return { watch: { schedules, imports }, stopped: follow() };
};
