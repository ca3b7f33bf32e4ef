import { type Metadata, type NewEvent, type RecordedEvent, streamErased } from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
import { canonical, type Json } from '../core/json.ts';

type Moved = Metadata & { readonly originalRecordedAt?: Instant };

/** The event as it goes into a store; `recordedAt` travels in its metadata when that store stamps its own time. */
export const moved = ({ type, data, id, metadata, recordedAt }: RecordedEvent, keepsTime: boolean): NewEvent => {
  const stamped: Moved = { ...metadata, originalRecordedAt: recordedAt };
  return { type, data, id, metadata: keepsTime ? metadata : stamped };
};

/**
 * An event as one line of text: equal lines, equal events. Positions are each store's own, and so is the marker of an erased
 * stream, except for its place.
 */
export const lineOf = ({ stream, revision, id, type, data, metadata, recordedAt }: RecordedEvent): string => {
  if (type === streamErased) return canonical([stream, revision, type]);
  const { originalRecordedAt = recordedAt, ...rest } = metadata as Moved;
  return canonical([stream, revision, id, type, data, rest as unknown as Json, originalRecordedAt]);
};
