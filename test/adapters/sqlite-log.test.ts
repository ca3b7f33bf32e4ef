import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openSqliteEventStore, type SqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { RecordedEvent, StreamName } from '../../src/core/event.ts';
import type { AppendItem, Expected, StreamRange } from '../../src/ports/event-store.ts';
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

  it('fence off a second writer that came past the lock, until it has read what is there', async () => {
    const [first, second] = [openEvents(), openEvents()];
    const taken = item();
    won(await first.append(taken));
    await expect(second.append(item())).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(await second.append({ ...taken, events: [event()] })).toEqual({ ok: false, actual: 0 });
    expect(won(await second.append(item())).position).toBe('0000000000000002');
    await expect(first.append(item())).rejects.toMatchObject({ code: 'store-unavailable' });
    expect((await collect(first.readAll({}))).events).toHaveLength(2);
    await Promise.all([first.close(), second.close()]);
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

/** Every stream has what the log says, whatever part of it is indexed. */
const check = async (store: SqliteEventStore, streams: readonly StreamName[]): Promise<void> => {
  const log = byStream((await collect(store.readAll({}))).events);
  for (let at = 0; at < streams.length; at += 37) {
    const stream = streams[at] ?? freshStream();
    const ids = log.get(stream) ?? [];
    const idsOf = async (range: StreamRange): Promise<string[]> => (await store.read(stream, range)).events.map((found) => found.id);
    expect(await idsOf({})).toEqual(ids);
    expect(await idsOf({ backwards: true, limit: 5 })).toEqual(ids.slice(-5).reverse());
    expect(await idsOf({ from: 3, limit: 4 })).toEqual(ids.slice(3, 7));
    const again = await store.append({
      stream,
      events: [event('EscrowHeld', {}, ids[5] ?? ''), event('EscrowHeld', {}, ids[6] ?? '')],
      expected: 4,
    });
    expect(again).toMatchObject({ ok: true, revision: 6 });
  }
};

const indexedUpTo = (): unknown[] => {
  const db = new DatabaseSync(path('events.db'), { readOnly: true });
  const rows = db.prepare('SELECT up_to FROM indexed').all();
  db.close();
  return rows.map((row) => row.up_to);
};

describe('the index', () => {
  it('finds every event of every stream while it is being written, when it is done, and after each restart', {
    timeout: 60_000,
  }, async () => {
    const streams = Array.from({ length: 4500 }, () => freshStream());
    let store = openEvents();
    // 36,000 events: the first run of the index is half written.
    let heads = await grow(store, streams, 4, []);
    await check(store, streams);
    await store.close();
    expect(indexedUpTo()).toEqual([0, 0]);
    store = openEvents();
    await check(store, streams);
    heads = await grow(store, streams, 3, heads);
    await check(store, streams);
    expect(await store.append({ stream: streams[5] ?? freshStream(), events: [event()], expected: 1 })).toEqual({ ok: false, actual: 13 });
    await store.close();
    expect(Math.max(...indexedUpTo().map(Number))).toBeGreaterThan(32_000);
    store = openEvents();
    await check(store, streams);
    await store.truncate(streams[1] ?? freshStream(), 10);
    await store.erase(streams[2] ?? freshStream());
    expect((await store.read(streams[2] ?? freshStream())).head).toBe('erased');
    expect((await store.read(streams[1] ?? freshStream())).events[0]?.revision).toBe(10);
    await check(store, streams.slice(3));
    await store.close();
  });

  it('finds 40,000 names, old and new', { timeout: 60_000 }, async () => {
    let store = openEvents();
    const streams = Array.from({ length: 40_000 }, () => freshStream());
    for (let from = 0; from < streams.length; from += 4000) await grow(store, streams.slice(from, from + 4000), 1, []);
    const heads = async (): Promise<unknown[]> =>
      Promise.all(streams.filter((_, at) => at % 50 === 0).map(async (stream) => (await store.read(stream)).head));
    expect(new Set(await heads())).toEqual(new Set([1]));
    await store.close();
    store = openEvents();
    expect(new Set(await heads())).toEqual(new Set([1]));
    const refused = await store.appendMany(
      streams.filter((_, at) => at % 50 === 0).map((stream) => ({ stream, events: [event()], expected: 'no-stream' as const })),
    );
    expect(new Set(refused.map((result) => JSON.stringify(result)))).toEqual(new Set(['{"ok":false,"actual":1}']));
    // The run that the restart cut off is written again, to its end.
    for (let round = 0; round < 8; round++)
      await grow(
        store,
        Array.from({ length: 1600 }, () => freshStream()),
        1,
        [],
      );
    expect(new Set(await heads())).toEqual(new Set([1]));
    await store.close();
    store = openEvents();
    expect(new Set(await heads())).toEqual(new Set([1]));
    await store.close();
  });
});
