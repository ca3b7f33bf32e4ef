import { describe, expect, it } from 'vitest';
import { openSqliteEventStore, type SqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { RecordedEvent, StreamName } from '../../src/core/event.ts';
import type { AppendItem, Expected } from '../../src/ports/event-store.ts';
import { collect, collectUntil, event, freshStream, won } from '../contracts/event-store/harness.ts';
import { useFolder } from './support/folder.ts';

const clock = createSystemClock();
const { path } = useFolder();
const openEvents = () => openSqliteEventStore({ file: path('events.db'), clock });
const item = (): AppendItem => ({ stream: freshStream(), events: [event()], expected: 'no-stream' });
const never = new AbortController().signal;

describe('group commit', () => {
  it('gives concurrent appends one transaction, and each its own answer', async () => {
    const store = openEvents();
    const taken = item();
    won(await store.append(taken));
    expect(store.stats.commits).toBe(1);
    const results = await Promise.all([
      ...Array.from({ length: 63 }, () => store.append(item())),
      store.append({ ...taken, events: [event()] }),
    ]);
    expect(results.filter((result) => result.ok)).toHaveLength(63);
    expect(results.at(-1)).toEqual({ ok: false, actual: 0 });
    await Promise.all([store.appendMany([item(), item()]), store.append(item()), store.appendMany([item()])]);
    expect(store.stats).toMatchObject({ commits: 3, events: 68, conflicts: 1 });
    await store.close();
  });

  it('is one transaction for one turn of 64 writers', async () => {
    const store = openEvents();
    const writer = async (): Promise<void> => {
      for (let n = 0; n < 10; n++) await store.append(item());
    };
    await Promise.all(Array.from({ length: 64 }, writer));
    expect(store.stats).toMatchObject({ commits: 10, events: 640 });
    await store.close();
  });

  it('refuses what is not JSON without touching its neighbours', async () => {
    const store = openEvents();
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const [good, bad] = await Promise.allSettled([
      store.append(item()),
      store.append({ ...item(), events: [event('EscrowHeld', circular as never)] }),
    ]);
    expect([good.status, bad.status]).toEqual(['fulfilled', 'rejected']);
    await store.close();
  });

  it('writes what was asked for before it closes', async () => {
    const store = openEvents();
    const asked = store.append(item());
    await store.close();
    expect((await asked).ok).toBe(true);
    const again = openEvents();
    expect(await again.head()).toBe('0000000000000001');
    await again.close();
  });
});

describe('positions', () => {
  it('are padded to 16 digits and have no holes', async () => {
    const store = openEvents();
    for (let round = 0; round < 5; round++) await store.appendMany([item(), item(), item()]);
    const { events } = await collect(store.readAll({}));
    expect(events.map((found) => found.position)).toEqual(Array.from({ length: 15 }, (_, index) => String(index + 1).padStart(16, '0')));
    await store.close();
  });

  it("are refused when they are another store's", async () => {
    const store = openEvents();
    await expect(collect(store.readAll({ after: '17/42' as never }))).rejects.toMatchObject({ code: 'bad-request' });
    await store.close();
  });
});

describe('live readers', () => {
  it('near the head read from memory, and give what the disk has', async () => {
    const store = openEvents();
    const seen = collectUntil(store.subscribe({}, never), (found) => found.length >= 3000);
    for (let round = 0; round < 30; round++) await store.appendMany(Array.from({ length: 100 }, item));
    const live = await seen;
    expect(store.stats.diskPages).toBe(0);
    await store.close();
    const again = openEvents();
    expect((await collect(again.readAll({}))).events).toEqual(live);
    expect(again.stats.memoryPages).toBe(0);
    await again.close();
  });

  it('look at a bounded stretch of a log without what they want', async () => {
    const store = openEvents();
    for (let round = 0; round < 25; round++) await store.appendMany(Array.from({ length: 1000 }, item));
    await store.close();
    const again = openEvents();
    await again.append({ ...item(), events: [event('StreakBroken')] });
    const { events, marks } = await collect(again.readAll({ types: ['StreakBroken'] }));
    expect(events).toHaveLength(1);
    expect(marks).toEqual(['0000000000010000', '0000000000020000', '0000000000025001']);
    await again.close();
  });
});

/** A log that is long enough for the index to be written several times, in streams that grow by turns. */
const grow = async (
  store: SqliteEventStore,
  streams: readonly StreamName[],
  rounds: number,
  from: readonly Expected[],
): Promise<Expected[]> => {
  let heads = [...from];
  for (let round = 0; round < rounds; round++) {
    const results = await store.appendMany(
      streams.map((stream, at) => ({ stream, events: [event('EscrowHeld', { at, round }), event()], expected: heads[at] ?? 'no-stream' })),
    );
    heads = results.map((result) => won(result).revision);
  }
  return heads;
};

const byStream = (events: readonly RecordedEvent[]): Map<string, string[]> => {
  const found = new Map<string, string[]>();
  for (const { stream, id } of events) found.set(stream, [...(found.get(stream) ?? []), id]);
  return found;
};

describe('the index', () => {
  it('finds every event of every stream while it is behind, and after a restart', { timeout: 60_000 }, async () => {
    const streams = Array.from({ length: 4500 }, () => freshStream());
    let store = openEvents();
    let heads = await grow(store, streams, 6, []);
    const check = async (): Promise<void> => {
      const log = byStream((await collect(store.readAll({}))).events);
      for (let at = 0; at < streams.length; at += 37) {
        const stream = streams[at] ?? freshStream();
        const ids = log.get(stream) ?? [];
        expect((await store.read(stream)).events.map((found) => found.id)).toEqual(ids);
        expect((await store.read(stream, { backwards: true, limit: 5 })).events.map((found) => found.id)).toEqual(ids.slice(-5).reverse());
        expect((await store.read(stream, { from: 3, limit: 4 })).events.map((found) => found.id)).toEqual(ids.slice(3, 7));
      }
    };
    await check();
    await store.close();
    store = openEvents();
    await check();
    heads = await grow(store, streams, 2, heads);
    await store.truncate(streams[0] ?? freshStream(), 10);
    await store.erase(streams[37] ?? freshStream());
    expect((await store.read(streams[37] ?? freshStream())).head).toBe('erased');
    expect((await store.read(streams[0] ?? freshStream())).events[0]?.revision).toBe(10);
    expect((await store.read(streams[74] ?? freshStream())).head).toBe(heads[74]);
    await store.close();
  });
});
