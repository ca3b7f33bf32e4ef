import type { Client } from 'pg';
import { expect, it } from 'vitest';
import type { RecordedEvent } from '../../../src/core/event.ts';
import type { EventStore } from '../../../src/ports/event-store.ts';
import { collect, event, freshStream, won } from '../../contracts/event-store/harness.ts';
import { connect, onPostgres, openStore, until } from './support.ts';

const appendOne = async (store: EventStore, stream = freshStream()) =>
  won(await store.append({ stream, events: [event()], expected: 'no-stream' }));

/** Follows a store and keeps what came. */
const follow = (store: EventStore): { events: RecordedEvent[]; stop(): Promise<void> } => {
  const stop = new AbortController();
  const events: RecordedEvent[] = [];
  const following = (async () => {
    for await (const page of store.subscribe({}, stop.signal)) events.push(...page.events);
  })();
  return {
    events,
    stop: () => {
      stop.abort();
      return following;
    },
  };
};

const waiting = async (client: Client): Promise<boolean> => {
  const { rows } = await client.query(`SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted`);
  return rows.length > 0;
};

onPostgres('positions without holes', (server) => {
  it('readers stay before an append that is open, while others append behind it; then they get all of it in order', async () => {
    const url = await server().createDatabase();
    const [slow, quick, reader] = [await openStore(url), await openStore(url), await openStore(url)];
    const [inFront, contested] = [freshStream(), freshStream()];
    await appendOne(slow, inFront);
    await appendOne(slow, contested);
    const followed = follow(reader);
    await until('the first two', async () => followed.events.length === 2);

    // Somebody else takes the next revision of one of its streams and does not end: the append waits, with a position taken.
    const other = await connect(url);
    await other.query('BEGIN');
    await other.query(
      `INSERT INTO carillon.events (position, stream, revision, kind, recorded_at, id, body)
       SELECT -1, id, 1, 1, 0, 'x', 'x' FROM carillon.streams WHERE name = $1`,
      [contested],
    );
    const held = slow.appendMany([inFront, contested].map((stream) => ({ stream, events: [event()], expected: 0 })));
    const watcher = await connect(url);
    await until('the append that waits', () => waiting(watcher));

    const behind = await appendOne(quick);
    const { rows } = await watcher.query('SELECT max(position)::text AS position FROM carillon.events');
    expect(rows[0]?.position).toBe(String(Number(behind.position)));
    expect((await collect(reader.readAll({}))).events).toHaveLength(2);
    expect(await reader.head()).toBe(followed.events[1]?.position);
    await appendOne(quick);
    expect((await collect(quick.readAll({}))).marks.at(-1)).toBe(followed.events[1]?.position);
    expect(followed.events).toHaveLength(2);

    await other.query('ROLLBACK');
    expect((await held).every((result) => result.ok)).toBe(true);
    await until('all six', async () => followed.events.length === 6);
    await followed.stop();
    const positions = followed.events.map((item) => item.position);
    expect(positions).toEqual([...positions].sort());
    expect(followed.events).toEqual((await collect(quick.readAll({}))).events);
  });

  it("somebody else's open transaction holds nobody up", async () => {
    const url = await server().createDatabase();
    const [writer, reader] = [await openStore(url), await openStore(url)];
    const other = await connect(url);
    await other.query('CREATE TABLE theirs (n integer)');
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await other.query('INSERT INTO theirs VALUES (1)');
    await other.query('SELECT pg_advisory_xact_lock_shared(1), pg_advisory_xact_lock_shared(1, 2)');
    const followed = follow(reader);
    for (let n = 0; n < 20; n++) await appendOne(writer);
    await until('all twenty', async () => followed.events.length === 20);
    expect((await collect(reader.readAll({}))).events).toHaveLength(20);
    await followed.stop();
    await other.query('ROLLBACK');
  });

  it('followers of four writers get every event once, in the order of the log', async () => {
    const url = await server().createDatabase();
    const writers = await Promise.all([1, 2, 3, 4].map(() => openStore(url)));
    const followed = [follow(await openStore(url)), follow(writers[0]!)];
    const each = 400;
    await Promise.all(
      writers.map(async (writer) => {
        for (let n = 0; n < each; n += 8) await Promise.all(Array.from({ length: 8 }, () => appendOne(writer)));
      }),
    );
    const log = (await collect(writers[1]!.readAll({}))).events.map((item) => item.id);
    expect(new Set(log).size).toBe(4 * each);
    for (const { events, stop } of followed) {
      await until('all', async () => events.length >= 4 * each);
      await stop();
      expect(events.map((item) => item.id)).toEqual(log);
    }
  });
});
