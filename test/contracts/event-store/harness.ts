import { afterEach, beforeEach } from 'vitest';
import { createSystemIds } from '../../../src/adapters/system/ids.ts';
import type { NewEvent, RecordedEvent, StreamName } from '../../../src/core/event.ts';
import type { Instant } from '../../../src/core/instant.ts';
import type { AppendResult, EventStore, LogPage } from '../../../src/ports/event-store.ts';

/** A store to test. `reopen` closes it and opens another one on the same data; stores that keep none leave it out. */
export type OpenStore = { readonly store: EventStore; readonly reopen?: () => Promise<EventStore>; readonly close: () => Promise<void> };
export type Open = () => Promise<OpenStore>;

const ids = createSystemIds();

/** A stream of its own for each call, so that suites may share one server. */
export const freshStream = (category = 'giving.escrow'): StreamName => `${category}-${ids.next()}`;

export const event = (type = 'EscrowHeld', data: NewEvent['data'] = { cents: '1200' }, id = ids.next()): NewEvent => ({
  id,
  type,
  data,
  metadata: { correlationId: 'c-1', causationId: 'k-1', asOf: '2026-01-25T00:00:00.000Z' as Instant, rule: 'held', schema: '1' },
});

export const events = (count: number, type?: string): NewEvent[] => Array.from({ length: count }, (_, index) => event(type, { index }));

/** An append that must have gone through. */
export const won = (result: AppendResult): AppendResult & { ok: true } => {
  if (!result.ok) throw new Error(`refused: ${result.actual}`);
  return result;
};

/** A store for each test; `store()` is the one that is open now. */
export const useStore = (open: Open): { store(): EventStore; reopen(): Promise<EventStore> } => {
  let opened: OpenStore;
  let current: EventStore;
  beforeEach(async () => {
    opened = await open();
    current = opened.store;
  });
  afterEach(() => opened.close());
  return {
    store: () => current,
    reopen: async () => {
      if (!opened.reopen) throw new Error('this store cannot be reopened');
      current = await opened.reopen();
      return current;
    },
  };
};

export const collect = async (pages: AsyncIterable<LogPage>): Promise<{ events: RecordedEvent[]; marks: string[] }> => {
  const found: RecordedEvent[] = [];
  const marks: string[] = [];
  for await (const page of pages) {
    found.push(...page.events);
    marks.push(page.upTo);
  }
  return { events: found, marks };
};

/** Reads a subscription until `enough` says so, then leaves it. */
export const collectUntil = async (
  pages: AsyncIterable<LogPage>,
  enough: (events: readonly RecordedEvent[], upTo: string) => boolean,
): Promise<RecordedEvent[]> => {
  const found: RecordedEvent[] = [];
  for await (const page of pages) {
    found.push(...page.events);
    if (enough(found, page.upTo)) break;
  }
  return found;
};
