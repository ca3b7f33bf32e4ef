import type { RecordedEvent } from '../../src/core/event.ts';
import type { EventStore } from '../../src/ports/event-store.ts';

/** The first event in a log, from the beginning, that `wanted` takes; waits for it. */
export const nextEventOf = async (store: EventStore, wanted: (event: RecordedEvent) => boolean): Promise<RecordedEvent> => {
  const stop = new AbortController();
  try {
    for await (const page of store.subscribe({}, stop.signal)) {
      const found = page.events.find(wanted);
      if (found !== undefined) return found;
    }
  } finally {
    stop.abort();
  }
  throw new Error('the log ended before the event came');
};
