import type { App } from '../../src/app.ts';
import type { ScheduleEvent, ScheduleState } from '../../src/contexts/engine/schedule/events.ts';
import type { RecordedEvent } from '../../src/core/event.ts';
import { countSlots } from '../../src/core/slots.ts';
import { idOf } from '../../src/core/stream.ts';
import { listActors } from '../../src/projections/due-queries.ts';

/** Every event of an app's log, in order. */
export const allEvents = async (app: App): Promise<RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const page of app.service.store.readAll({})) events.push(...page.events);
  return events;
};

/** Revisions without a hole, ids unique (invariant I6). */
export const brokenStreams = (events: readonly RecordedEvent[]): string[] => {
  const next = new Map<string, number>();
  const ids = new Set<string>();
  const broken: string[] = [];
  for (const event of events) {
    if (event.revision !== (next.get(event.stream) ?? 0)) broken.push(`${event.stream} ${event.revision}`);
    if (ids.has(event.id)) broken.push(`${event.stream} id ${event.id}`);
    ids.add(event.id);
    next.set(event.stream, event.revision + 1);
  }
  return broken;
};

/** How many events of a type each stream has. */
export const countByStream = (events: readonly RecordedEvent[], type: string): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const event of events) if (event.type === type) counts.set(event.stream, (counts.get(event.stream) ?? 0) + 1);
  return counts;
};

/** Schedules whose slots up to the watermark do not each have exactly one verdict (invariants I1, I2). */
export const brokenLedgers = async (app: App, events: readonly RecordedEvent[]): Promise<string[]> => {
  const broken: string[] = [];
  for (const row of await listActors(app.service.readModels, 'engine.schedule', { limit: 1_000 })) {
    const { definition, watermark } = row.state as ScheduleState;
    const ledger = events.filter((event) => event.stream === row.stream) as unknown as (RecordedEvent & ScheduleEvent)[];
    const defined = ledger.find((event) => event.type === 'ScheduleDefined');
    if (definition === null || watermark === null || defined?.type !== 'ScheduleDefined') continue;
    const closed = ledger.flatMap((event) =>
      event.type === 'SlotClosed' && !event.data.slot.includes('@manual-') ? [event.data.slot] : [],
    );
    const skipped = ledger.reduce((sum, event) => sum + (event.type === 'SlotsSkipped' ? event.data.count : 0), 0);
    const from = new Date(Date.parse(defined.data.activeFrom) - 1).toISOString() as typeof watermark;
    const wanted = countSlots(definition.schedule, definition.zone, from, watermark);
    if (new Set(closed).size !== closed.length || closed.length + skipped !== wanted)
      broken.push(`${idOf(row.stream as never)}: ${closed.length} closed + ${skipped} skipped of ${wanted}`);
  }
  return broken;
};

/** Projections that a rebuild does not reproduce (invariant I9). */
export const brokenProjections = async (app: App): Promise<string[]> => {
  const broken: string[] = [];
  for (const { name } of await app.service.projections.list()) if (!(await app.service.projections.verify(name)).equal) broken.push(name);
  return broken;
};
