import type { Position } from '../core/event.ts';
import { type Instant, later } from '../core/instant.ts';
import { defineProjection, type Projection } from '../core/projection.ts';
import type { ReadModels } from '../ports/read-models.ts';

const minuteOf = (at: Instant): Instant => `${at.slice(0, 16)}:00.000Z` as Instant;
/** The one row that tells how far the minutes are. */
const newest = 0;

/**
 * Where in the log each minute of recording begins and ends: resolves a time to a position once, so that as-of reads cut by
 * position. A clock that was set back does not go back here: what it recorded counts to the latest minute there was.
 */
export const timeIndex: Projection = defineProjection({
  name: 'time-index',
  version: 2,
  keepsPlaces: true,
  tables: [
    { name: 'minutes', columns: { minute: 'text', first: 'text', last: 'text' }, key: ['minute'] },
    { name: 'newest_minute', columns: { id: 'integer', minute: 'text', first: 'text' }, key: ['id'] },
  ],
  reads: () => [{ table: 'newest_minute', key: [newest] }],
  apply: ({ recordedAt, position }, rows) => {
    const known = rows.get('newest_minute', [newest]);
    const minute = known === null ? minuteOf(recordedAt) : later(minuteOf(recordedAt), known.minute as Instant);
    const first = known?.minute === minute ? known.first! : position;
    if (known?.minute !== minute) rows.put('newest_minute', { id: newest, minute, first });
    rows.put('minutes', { minute, first, last: position });
  },
});

/** The last position recorded up to and with the minute of `at`; null when the log was empty then. A later time gives no earlier position. */
export const positionAt = async (readModels: ReadModels, at: Instant): Promise<Position | null> => {
  const [row] = await readModels.list('minutes', { to: minuteOf(at), descending: true, limit: 1 });
  return row === undefined ? null : (row.last as Position);
};
