import { type RecordedEvent, type Revision, streamErased } from '../core/event.ts';
import type { EventStore } from '../ports/event-store.ts';

/**
 * The revision from which on a store still has an event's stream, when it has dropped the event: by a truncation, or because the
 * stream was erased (the whole of it: 0; the marker comes later in the log). Null when it has not dropped it.
 */
export const droppedBefore = async (store: EventStore, { stream, revision, type }: RecordedEvent): Promise<Revision | null> => {
  if (type === streamErased) return null;
  const { events, head } = await store.read(stream, { from: revision, limit: 1 });
  if (head === 'erased') return 0;
  const first = events[0]?.revision ?? revision;
  return first > revision ? first : null;
};
