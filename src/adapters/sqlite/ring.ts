import type { RecordedEvent, StreamName } from '../../core/event.ts';
import { type Filter, passes } from '../memory/tail.ts';

/** An event, null once it is dropped, and about how many bytes it holds. */
export type Slot = { event: RecordedEvent | null; readonly size: number };

/** The newest events of the log as objects, so that readers near the head need neither the disk nor JSON.parse. */
export type Ring = {
  /** Positions follow each other. */
  push(position: number, slot: Slot): void;
  /** Null when `after` lies before what it holds. */
  page(
    after: number,
    upTo: number,
    limit: number,
    filter: Filter,
  ): { readonly events: readonly RecordedEvent[]; readonly upTo: number } | null;
  /** The event at a position, when it is held. */
  at(position: number): RecordedEvent | null;
  /** Forgets the events of a stream before a revision. */
  drop(stream: StreamName, before: number): void;
  clear(): void;
};

const maxEvents = 16_384;
const maxBytes = 32 * 1024 * 1024;

/** A ring of at most 16,384 events and 32 MiB. */
export const createRing = (): Ring => {
  const slots: (Slot | undefined)[] = new Array(maxEvents);
  let first = 1;
  let last = 0;
  let bytes = 0;

  const clear = (): void => {
    slots.fill(undefined);
    first = 1;
    last = 0;
    bytes = 0;
  };
  const forgetFirst = (): void => {
    const index = first % maxEvents;
    bytes -= slots[index]?.size ?? 0;
    slots[index] = undefined;
    first++;
  };
  return {
    push(position, slot) {
      if (position !== last + 1) {
        clear();
        first = position;
      }
      last = position;
      if (last - first >= maxEvents) forgetFirst();
      slots[position % maxEvents] = slot;
      bytes += slot.size;
      while (bytes > maxBytes && first < last) forgetFirst();
    },
    page(after, upTo, limit, filter) {
      if (after + 1 < first || after >= last) return null;
      const all = filter.types === null && filter.categories === null;
      const events: RecordedEvent[] = [];
      const end = Math.min(upTo, last);
      let position = after;
      while (position < end && events.length < limit) {
        position++;
        const event = slots[position % maxEvents]?.event;
        if (event && (all || passes(event, filter))) events.push(event);
      }
      return { events, upTo: position };
    },
    at: (position) => (position < first || position > last ? null : (slots[position % maxEvents]?.event ?? null)),
    drop(stream, before) {
      for (const slot of slots) if (slot?.event?.stream === stream && slot.event.revision < before) slot.event = null;
    },
    clear,
  };
};
