import type { EffectEvent } from '../contexts/engine/effect/events.ts';
import { type RecordedEvent, streamErased } from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
import { defineProjection, type Projection, type Row, type Rows } from '../core/projection.ts';
import type { ReadModels } from '../ports/read-models.ts';

/** Something that failed for good and waits for a person: an actor under a job, a reactor's command, or an effect. */
export type ParkedRow = {
  /** The stream of the item or effect. */
  readonly id: string;
  readonly kind: 'item' | 'effect';
  readonly job: string;
  readonly about: string;
  readonly attempt: number;
  readonly message: string;
  readonly at: Instant;
  readonly correlation: string;
  readonly traceparent: string | null;
  /** The import of whose facts this is an effect that has not gone out; null for what failed. */
  readonly heldBy: string | null;
};

const put = (event: RecordedEvent, rows: Rows, row: Pick<ParkedRow, 'kind' | 'job' | 'about' | 'attempt' | 'message' | 'heldBy'>): void =>
  rows.put('parked', {
    ...row,
    id: event.stream,
    at: event.recordedAt,
    correlation: event.metadata.correlationId,
    traceparent: event.metadata.traceparent ?? null,
  });

type ItemData = { readonly job: string; readonly about: string; readonly attempt: number; readonly message: string };

/** What is parked now (checklist X8): gone from here when it is replayed, discarded or done after all. */
export const parked: Projection = defineProjection({
  name: 'parked',
  version: 2,
  tables: [
    {
      name: 'parked',
      columns: {
        id: 'text',
        kind: 'text',
        job: 'text',
        about: 'text',
        attempt: 'integer',
        message: 'text',
        at: 'text',
        correlation: 'text',
        traceparent: 'text',
        heldBy: 'text',
      },
      key: ['id'],
      indexes: [['at'], ['job', 'at'], ['heldBy', 'at'], ['about']],
    },
  ],
  types: [
    'ItemParked',
    'ItemReplayed',
    'ItemDiscarded',
    'ItemRecovered',
    'EffectParked',
    'EffectReplayed',
    'EffectDiscarded',
    'EffectConfirmed',
  ],
  apply: (event, rows) => {
    if (event.type === streamErased) return rows.removeWhere('parked', 'about', event.stream);
    if (event.type === 'ItemParked') return put(event, rows, { kind: 'item', heldBy: null, ...pick(event.data as ItemData) });
    if (event.type === 'EffectParked') {
      const { effect, key, heldBy = null, ...tries } = event.data as Extract<EffectEvent, { type: 'EffectParked' }>['data'];
      return put(event, rows, { kind: 'effect', job: effect, about: key, attempt: tries.attempt, message: tries.message, heldBy });
    }
    rows.remove('parked', [event.stream]);
  },
});

const pick = ({ job, about, attempt, message }: ItemData): ItemData => ({ job, about, attempt, message });

const toParked = (row: Row): ParkedRow => row as unknown as ParkedRow;

/** What is parked, newest first. */
export const listParked = async (
  readModels: ReadModels,
  { job, heldBy, limit, before }: { job?: string; heldBy?: string; limit: number; before?: { at: string; id: string } },
): Promise<readonly ParkedRow[]> => {
  const one = heldBy === undefined ? { job } : { heldBy };
  const [[name, value]] = Object.entries(one) as [[string, string | undefined]];
  const query = value === undefined ? { index: ['at'] } : { index: [name, 'at'], where: { [name]: value } };
  return (await readModels.list('parked', { ...query, descending: true, limit, ...(before === undefined ? {} : { after: before }) })).map(
    toParked,
  );
};

export const getParked = async (readModels: ReadModels, id: string): Promise<ParkedRow | null> => {
  const [row] = await readModels.get('parked', [[id]]);
  return row === null || row === undefined ? null : toParked(row);
};

/** Effects of an import's facts that wait for approval. */
export const countHeld = (readModels: ReadModels, heldBy: string): Promise<number> =>
  readModels.count('parked', { index: ['heldBy', 'at'], where: { heldBy } });

export const countParked = (readModels: ReadModels, job?: string): Promise<number> =>
  readModels.count('parked', job === undefined ? {} : { index: ['job', 'at'], where: { job } });
