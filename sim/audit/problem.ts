import type { RecordedEvent } from '../../src/core/event.ts';
import type { EventStore } from '../../src/ports/event-store.ts';

/** A promise that was broken; `invariant` is its name in reliability a.3. */
export type Problem = { readonly invariant: string; readonly text: string };
export type Say = (invariant: string, text: string) => void;

export const readLog = async (store: EventStore): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const page of store.readAll({})) events.push(...page.events);
  return events;
};
