import { createQuiet } from '../../chaos/quiet.ts';
import type { RecordedEvent } from '../../src/core/event.ts';
import type { EventStore } from '../../src/ports/event-store.ts';

/** Between two tries to reach a server that is away. */
const againMs = 200;

/** Follows the log from its beginning until `enough` says so of what was read; a server that goes away is waited for. */
export const follow = async (
  store: EventStore,
  withinMs: number,
  enough: (events: readonly RecordedEvent[]) => boolean | Promise<boolean>,
): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  const signal = AbortSignal.timeout(withinMs);
  let after: RecordedEvent['position'] | null = null;
  while (!signal.aborted) {
    try {
      for await (const page of store.subscribe({ after }, signal)) {
        events.push(...page.events);
        after = page.upTo;
        if (await enough(events)) return events;
      }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }
  const last = events.slice(-5).map(({ stream, type }) => `${stream} ${type}`);
  throw new Error(`the log did not get there within ${withinMs} ms; its last events: ${last.join(', ')}`);
};

/** Resolves with the log when every escrow and effect has come to its end and every slot that was opened is closed. */
export const followToRest = async (store: EventStore, withinMs: number): Promise<readonly RecordedEvent[]> => {
  const quiet = createQuiet();
  const open = new Set<string>();
  let seen = 0;
  return follow(store, withinMs, async (events) => {
    for (const event of events.slice(seen)) {
      quiet.see(event);
      const { slot } = event.data as { slot: string };
      if (event.type === 'SlotOpened') open.add(slot);
      if (event.type === 'SlotClosed') open.delete(slot);
    }
    seen = events.length;
    return open.size === 0 && quiet.owed(Date.now()).length === 0 && events.at(-1)?.position === (await store.head());
  });
};

/** The whole log as it is now. */
export const readLog = async (store: EventStore): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const page of store.readAll({})) events.push(...page.events);
  return events;
};
