import type { RecordedEvent } from '../core/event.ts';
import type { EventStore } from '../ports/event-store.ts';
import { isPlaceholder } from './placeholder.ts';

/** All events of a log in order; placeholders are handed to `aside` instead. */
export async function* visibleEvents(
  store: EventStore,
  aside: (event: RecordedEvent) => void = () => undefined,
): AsyncGenerator<RecordedEvent, void> {
  for await (const page of store.readAll({})) {
    for (const event of page.events) {
      if (isPlaceholder(event)) aside(event);
      else yield event;
    }
  }
}
