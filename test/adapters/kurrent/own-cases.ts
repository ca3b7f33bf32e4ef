import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createConnection } from '../../../src/adapters/kurrent/connection.ts';
import { openKurrentEventStore } from '../../../src/adapters/kurrent/event-store.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import type { EventStore } from '../../../src/ports/event-store.ts';
import type { Note } from '../../../src/ports/observers.ts';
import { collect, event, events, freshStream, won } from '../../contracts/event-store/harness.ts';

const clock = createSystemClock();

/** What only this adapter can get wrong, on the server at `url`; nobody else may write to it meanwhile. */
export const ownCases = (url: string): void => {
  let store: EventStore;
  beforeAll(async () => {
    store = await openKurrentEventStore({ url, clock });
  });
  afterAll(() => store.close());

  it('lets one of four owners win each of 300 streams', async () => {
    const owners = await Promise.all([1, 2, 3, 4].map(() => openKurrentEventStore({ url, clock })));
    const streams = Array.from({ length: 300 }, () => freshStream('engine.schedule'));
    const claims = streams.flatMap((stream) =>
      owners.map((owner) => owner.append({ stream, events: [event('SlotOpened')], expected: 'no-stream' })),
    );
    const results = await Promise.all(claims);
    expect(results.filter(({ ok }) => ok)).toHaveLength(300);
    expect(results.filter((result) => !result.ok && result.actual === 0)).toHaveLength(900);
    const lengths = await Promise.all(streams.map(async (stream) => (await store.read(stream)).events.length));
    expect(new Set(lengths)).toEqual(new Set([1]));
    await Promise.all(owners.map((owner) => owner.close()));
  });

  it('answers four owners that send the very same append', async () => {
    const owners = await Promise.all([1, 2, 3, 4].map(() => openKurrentEventStore({ url, clock })));
    const item = { stream: freshStream(), events: events(2), expected: 'no-stream' as const };
    const [first, ...others] = await Promise.all(owners.map((owner) => owner.append(item)));
    for (const other of others) expect(other).toEqual(first);
    expect((await store.read(item.stream)).events).toHaveLength(2);
    await Promise.all(owners.map((owner) => owner.close()));
  });

  it('keeps streams apart whose names differ in case only', async () => {
    const id = randomUUID();
    const [lower, upper] = [`giving.escrow-a${id}`, `giving.escrow-A${id}`] as const;
    const results = await store.appendMany([lower, upper].map((stream) => ({ stream, events: [event()], expected: 'no-stream' as const })));
    expect(results).toMatchObject([{ ok: true }, { ok: true }]);
    expect((await store.read(lower)).events).toHaveLength(1);
    expect((await store.read(upper)).events).toHaveLength(1);
  });

  it('shows neither what other programs write nor what the server writes', async () => {
    const connection = await createConnection(url);
    const before = await store.head();
    const foreign = {
      id: randomUUID(),
      contentType: 'application/json' as const,
      type: 'OrderPlaced',
      data: {},
      metadata: { tenant: 'x' },
    };
    await connection.client.appendToStream(`orders-${randomUUID()}`, foreign);
    const stream = freshStream();
    await store.append({ stream, events: events(3), expected: 'no-stream' });
    await store.truncate(stream, 1);
    await connection.close();
    const { events: found } = await collect(store.readAll({ after: before }));
    expect(found.map((item) => item.stream)).toEqual([stream, stream, stream]);
  });

  it('never shows again what was cut', async () => {
    const stream = freshStream();
    await store.append({ stream, events: events(6), expected: 'no-stream' });
    await store.truncate(stream, 4);
    await store.truncate(stream, 2);
    expect((await store.read(stream)).events.map(({ revision }) => revision)).toEqual([4, 5]);
  });

  it('begins a scavenge after an erasure, and says so', async () => {
    const said = Promise.withResolvers<Note>();
    const watched = await openKurrentEventStore({ url, clock, observers: { note: said.resolve } });
    const stream = freshStream();
    won(await watched.append({ stream, events: [event()], expected: 'no-stream' }));
    await watched.erase(stream);
    expect(await said.promise).toMatchObject({ level: 'info', scope: 'kurrentdb', message: expect.stringContaining('Began a scavenge') });
    await watched.close();
  });

  it('opens quickly or says what is wrong', async () => {
    await expect(openKurrentEventStore({ url: 'kurrentdb://127.0.0.1:1?tls=false', clock })).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/CARILLON_KURRENTDB.*ECONNREFUSED/),
    });
  });
};
