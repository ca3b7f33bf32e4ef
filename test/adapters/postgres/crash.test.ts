import { expect, it } from 'vitest';
import { isCarillonError } from '../../../src/core/errors.ts';
import type { AppendItem, EventStore } from '../../../src/ports/event-store.ts';
import { collect, event, events, freshStream } from '../../contracts/event-store/harness.ts';
import { commitOf, place, sample } from '../../contracts/read-models/harness.ts';
import { onPostgres, openModels, openStore, until } from './support.ts';

/** Sends the same item until it is answered, as an owner does after an unknown outcome. Returns how often it was not. */
const insist = async (store: EventStore, item: AppendItem): Promise<number> => {
  for (let failures = 0; ; failures++) {
    try {
      const result = await store.append(item);
      if (!result.ok) throw new Error(`${item.stream} refused: ${result.actual}`);
      return failures;
    } catch (error) {
      if (!isCarillonError(error, 'store-unavailable')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};

onPostgres('a server that is killed', (server) => {
  it('acknowledged = stored, nothing doubled, over three kills in the middle of appends', async () => {
    const store = await openStore(await server().createDatabase());
    const answered: AppendItem[] = [];
    const sent = { failures: 0 };
    let stop = false;
    const writer = async (): Promise<void> => {
      while (!stop) {
        const item: AppendItem = { stream: freshStream(), events: events(2), expected: 'no-stream' };
        const failures = await insist(store, item);
        answered.push(item);
        sent.failures += failures;
      }
    };
    const writing = Array.from({ length: 16 }, writer);
    for (let kill = 0; kill < 3; kill++) {
      const before = answered.length;
      await until('appends', async () => answered.length > before + 300);
      await server().kill();
      await server().start();
    }
    const before = answered.length;
    await until('appends after the last kill', async () => answered.length > before + 100);
    stop = true;
    await Promise.all(writing);

    expect(sent.failures).toBeGreaterThan(0);
    const stored = (await collect(store.readAll({ pageSize: 5_000 }))).events;
    expect(stored.map((item) => item.id).sort()).toEqual(answered.flatMap((item) => item.events.map(({ id }) => id)).sort());
    const positions = stored.map((item) => item.position);
    expect(new Set(positions).size).toBe(positions.length);
  }, 60_000);

  it('a subscription ends with store-unavailable, and goes on from its checkpoint when it is opened again', async () => {
    const store = await openStore(await server().createDatabase());
    await store.append({ stream: freshStream(), events: [event()], expected: 'no-stream' });
    const never = new AbortController().signal;
    const pages = store.subscribe({}, never)[Symbol.asyncIterator]();
    const first = await pages.next();
    const next = pages.next();
    next.catch(() => undefined);
    await server().kill();
    await expect(next).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(store.append({ stream: freshStream(), events: [event()], expected: 'no-stream' })).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('CARILLON_POSTGRES_URL'),
    });
    await expect(store.head()).rejects.toMatchObject({ code: 'store-unavailable' });
    await server().start();
    const again = store.subscribe({ after: first.value!.upTo }, never)[Symbol.asyncIterator]();
    const stream = freshStream();
    await store.append({ stream, events: [event()], expected: 'no-stream' });
    expect((await again.next()).value?.events).toMatchObject([{ stream }]);
  });

  it('read models lose whole commits or none: rows and checkpoint agree, and whoever waits is woken after the return', async () => {
    const models = await openModels(await server().createDatabase());
    await models.open(sample(), 'live');
    for (let n = 0; n < 50; n++) await models.commit(commitOf(n === 0 ? null : n, n + 1, { places: [place('b', 'ann', n + 1)] }));
    const waiting = models.passed('sample', '0000000000000051' as never);
    await server().kill();
    await server().start();
    const at = Number((await models.checkpoint('sample')) ?? 0);
    const [row] = await models.get('places', [['b', 'ann']]);
    expect(row?.score ?? 0).toBe(at);
    for (let n = at; n < 51; n++) await models.commit(commitOf(n === 0 ? null : n, n + 1, { places: [place('b', 'ann', n + 1)] }));
    await waiting;
  });
});
