import type { JSONEventData, JSONEventType } from '@kurrent/kurrentdb-client';
import { CarillonError } from '../../core/errors.ts';
import { type Metadata, type NewEvent, type RecordedEvent, type Revision, type StreamName, streamErased } from '../../core/event.ts';
import type { Instant } from '../../core/instant.ts';
import type { Json } from '../../core/json.ts';
import { erasureLog } from './names.ts';
import { atOffset } from './position.ts';

/** An event as the client gives it. */
export type ServerRecord = {
  readonly streamId: string;
  readonly id: string;
  readonly revision: bigint;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: unknown;
  readonly metadata?: unknown;
  readonly created: Date;
  readonly position?: { readonly commit: bigint; readonly prepare: bigint } | undefined;
};

/** What is written of an erasure: the stream, and the revision that its marker stands at. */
export type Erasure = { readonly stream: StreamName; readonly revision: Revision };

type ServerEventData = JSONEventData<JSONEventType<string, Record<string, unknown>, Record<string, string>>>;

/** An event as the server takes it. Its own pages follow a chain by `$correlationId` and `$causationId`. */
export const toServer = ({ id, type, data, metadata }: NewEvent): ServerEventData => {
  if (JSON.stringify(data) === undefined) throw new CarillonError('bad-request', `The data of ${type} is not JSON`);
  const chain = { $correlationId: metadata.correlationId, $causationId: metadata.causationId };
  return { id, contentType: 'application/json', type, data: data as Record<string, unknown>, metadata: { ...metadata, ...chain } };
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

/** Ours only: the server adds keys of its own, and so does the mirrored chain. */
const metadataOf = (found: unknown): Metadata | null => {
  if (!isRecord(found) || typeof found.asOf !== 'string' || typeof found.causationId !== 'string') return null;
  const ours = Object.entries(found).filter(([key, value]) => !key.startsWith('$') && typeof value === 'string');
  return Object.fromEntries(ours) as unknown as Metadata;
};

/** Reads the data of an event in the log of erasures; null when somebody else wrote there. */
export const erasureOf = (data: unknown): Erasure | null =>
  isRecord(data) && typeof data.stream === 'string' && typeof data.revision === 'number'
    ? { stream: data.stream as StreamName, revision: data.revision }
    : null;

/** The marker that readers see: it stands in the log of erasures, and speaks of the erased stream. */
const markerOf = (event: RecordedEvent): RecordedEvent | null => {
  const erasure = event.type === streamErased ? erasureOf(event.data) : null;
  return erasure && { ...event, ...erasure, data: {} };
};

/** An event of the server; null for what is not Carillon's: the server's own events, and those of other programs. */
export const fromServer = (event: ServerRecord | undefined): RecordedEvent | null => {
  if (!event?.isJson || event.streamId.startsWith('$') || !event.streamId.includes('-')) return null;
  const metadata = metadataOf(event.metadata);
  if (metadata === null) return null;
  const recorded: RecordedEvent = {
    id: event.id,
    type: event.type,
    data: event.data as Json,
    metadata,
    stream: event.streamId as StreamName,
    revision: Number(event.revision),
    position: atOffset(Number(event.position?.prepare ?? 0)),
    recordedAt: event.created.toISOString() as Instant,
  };
  return recorded.stream === erasureLog ? markerOf(recorded) : recorded;
};
