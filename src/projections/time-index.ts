import type { Position } from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
import { defineProjection, type Projection } from '../core/projection.ts';
import type { ReadModels } from '../ports/read-models.ts';

const minuteOf = (at: Instant): string => at.slice(0, 16);

/** Where in the log each minute of recording ends: resolves a time to a position once, so that as-of reads cut by position. */
export const timeIndex: Projection = defineProjection({
  name: 'time-index',
  version: 1,
  tables: [{ name: 'minutes', columns: { minute: 'text', position: 'text' }, key: ['minute'] }],
  apply: (event, rows) => rows.put('minutes', { minute: minuteOf(event.recordedAt), position: event.position }),
});

/** The last position recorded up to and with the minute of `at`; null when the log was empty then. */
export const positionAt = async (readModels: ReadModels, at: Instant): Promise<Position | null> => {
  const [row] = await readModels.list('minutes', { to: minuteOf(at), descending: true, limit: 1 });
  return row === undefined ? null : (row.position as Position);
};
