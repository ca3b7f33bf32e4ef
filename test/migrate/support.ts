import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { NewEvent, RecordedEvent, StreamName } from '../../src/core/event.ts';
import { fromMs, type Instant } from '../../src/core/instant.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Destination, Origin } from '../../src/migrate/move.ts';
import { createMoveClock } from '../../src/migrate/move-clock.ts';
import type { EventStore } from '../../src/ports/event-store.ts';
import type { Vault } from '../../src/ports/vault.ts';

const start = Date.parse('2026-01-05T10:00:00.000Z');
const cut = 'test.ledger-cut' as StreamName;

const event = (n: number): NewEvent => ({
  type: n % 3 === 0 ? 'Opened' : 'Changed',
  data: { n, text: `é${n}`, list: [n, null, { deep: true }] },
  id: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  metadata: { correlationId: `c${n}`, causationId: 'due', asOf: fromMs(start + n * 1_000), rule: 'r', schema: '1', by: 'somebody' },
});

/** The log of a store in short: what a move has to keep. */
export const readLog = async (store: EventStore): Promise<Omit<RecordedEvent, 'position'>[]> => {
  const events: Omit<RecordedEvent, 'position'>[] = [];
  for await (const page of store.readAll({})) for (const { position: _, ...rest } of page.events) events.push(rest);
  return events;
};

/**
 * Writes what a log may hold: streams that take turns, an append of several events, a stream whose beginning was dropped twice, one
 * that was erased with events before and after in the log, one that was erased before it was ever written.
 */
export const fillLog = async (store: EventStore, stand: (at: Instant) => void, rounds = 4): Promise<void> => {
  let n = 0;
  const next = new Map<StreamName, number>();
  const write = async (stream: StreamName, count = 1): Promise<void> => {
    stand(fromMs(start + n * 777));
    const events = Array.from({ length: count }, () => event(n++));
    const at = next.get(stream) ?? 0;
    const result = await store.append({ stream, events, expected: at === 0 ? 'no-stream' : at - 1 });
    if (!result.ok) throw new Error(`${stream} is at ${result.actual}`);
    next.set(stream, at + count);
  };
  await write(cut, 3);
  await write('test.thing-gone' as StreamName, 2);
  for (let round = 0; round < rounds; round++) {
    await write('test.thing-b' as StreamName);
    await write('test.thing-a' as StreamName, 1 + (round % 3));
    await write(cut);
    await write(`test.thing-new${round}` as StreamName);
  }
  await store.erase('test.thing-gone' as StreamName);
  await store.erase('test.thing-never' as StreamName);
  await write('test.thing-a' as StreamName);
  await store.truncate(cut, 2);
  await write(cut, 2);
  await store.truncate(cut, 5);
};

/** A vault in a map. */
export const memoryVault = (): Vault & { readonly all: Map<string, JsonObject> } => {
  const all = new Map<string, JsonObject>();
  return {
    all,
    put: async (subject, fields) => void all.set(subject, { ...all.get(subject), ...fields }),
    get: async (subject) => all.get(subject) ?? null,
    scrub: async (subject, names) =>
      void all.set(subject, Object.fromEntries(Object.entries(all.get(subject) ?? {}).filter(([name]) => !names.includes(name)))),
    erase: async (subject) => void all.delete(subject),
    close: async () => undefined,
  };
};

export const memoryStore = (): { store: EventStore; stand: (at: Instant) => void } => {
  const clock = createMoveClock(createSystemClock());
  return { store: createMemoryEventStore({ clock }), stand: clock.stand };
};

/** A filled folder's two parts in memory. */
export const memoryOrigin = async (): Promise<Origin & { readonly people: Map<string, JsonObject> }> => {
  const { store, stand } = memoryStore();
  await fillLog(store, stand);
  const people = new Map<string, JsonObject>([
    ['s1', { name: 'Ada', mail: 'a@example.org' }],
    ['s2', { name: 'Bo' }],
  ]);
  return { store, people, vaultEntries: () => [...people].map(([subject, fields]) => ({ subject, fields })) };
};

export const memoryTarget = (keepsTime = true): Destination & { readonly vault: ReturnType<typeof memoryVault> } => {
  const { store, stand } = memoryStore();
  return { store, stand, keepsTime, vault: memoryVault(), reactors: [], readModels: openSqliteReadModels({ file: ':memory:' }) };
};

/** A store such as KurrentDB: what was truncated is gone for readers of its stream, and stands in the log until somebody cleans up. */
export const lazilyTruncating = (store: EventStore): EventStore => {
  const cuts = new Map<StreamName, number>();
  return {
    ...store,
    truncate: async (stream, before) => {
      const { head } = await store.read(stream, { limit: 1 });
      if (typeof head === 'number') cuts.set(stream, Math.max(cuts.get(stream) ?? 0, Math.min(before, head)));
    },
    read: async (stream, range = {}) => {
      const cut = cuts.get(stream) ?? 0;
      if (!range.backwards) return store.read(stream, { ...range, from: Math.max(range.from ?? 0, cut) });
      const page = await store.read(stream, range);
      return { ...page, events: page.events.filter(({ revision }) => revision >= cut) };
    },
  };
};
