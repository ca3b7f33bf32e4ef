import type { Position } from '../../../src/core/event.ts';
import type { EventStore, LogRange } from '../../../src/ports/event-store.ts';

/** A store that shows its log as if it began after `base`: one server's log serves many tests, each of which wants an empty one. */
export const startingAt = (store: EventStore, base: Position | null): EventStore => {
  const from = (range: LogRange): LogRange => ({ ...range, after: range.after ?? base });
  return {
    ...store,
    readAll: (range) => store.readAll(from(range)),
    subscribe: (range, signal) => store.subscribe(from(range), signal),
    async head() {
      const head = await store.head();
      return head === base ? null : head;
    },
  };
};
