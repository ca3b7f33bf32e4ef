import { expect, it } from 'vitest';
import type { RecordedEvent, StreamName } from '../../src/core/event.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import type { Destination, Progress } from '../../src/migrate/move.ts';
import { isPlaceholder } from '../../src/migrate/placeholder.ts';
import type { EventStore } from '../../src/ports/event-store.ts';
import { lazilyTruncating, memoryOrigin, memoryTarget, readLog } from './support.ts';

const quiet: Progress = () => undefined;
const whole = new AbortController().signal;
const close = async (): Promise<void> => undefined;

it('keeps streams, revisions, ids, order, data, metadata and times; erased and dropped events stay away', async () => {
  const from = await memoryOrigin();
  const to = memoryTarget();
  const done = await migrate({ from, to, close }, quiet, whole);
  const log = await readLog(from.store);
  expect(await readLog(to.store)).toEqual(log);
  expect(done).toMatchObject({ found: 0, copied: log.length, events: log.length, subjects: 2 });
  expect(done?.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(to.vault.all).toEqual(from.people);

  const ledger = await to.store.read('test.ledger-cut' as StreamName);
  expect(ledger.events.map(({ revision }) => revision)).toEqual(
    (await from.store.read('test.ledger-cut' as StreamName)).events.map((e) => e.revision),
  );
  expect(ledger.events[0]?.revision).toBe(5);
  for (const stream of ['test.thing-gone', 'test.thing-never'] as StreamName[]) {
    expect((await to.store.read(stream)).head).toBe('erased');
    expect(await to.store.append({ stream, events: [log[0]!], expected: 'no-stream' })).toEqual({ ok: false, actual: 'erased' });
  }
});

it('keeps the original time in the metadata where the store stamps its own', async () => {
  const from = await memoryOrigin();
  const target = memoryTarget(false);
  const to: Destination = { ...target, stand: () => undefined };
  await migrate({ from, to, close }, quiet, whole);
  const log = await readLog(from.store);
  const there = await readLog(to.store);
  expect(there.map(({ revision, id }) => [revision, id])).toEqual(log.map(({ revision, id }) => [revision, id]));
  expect(there[0]?.recordedAt).not.toBe(log[0]?.recordedAt);
  expect(there[0]?.metadata).toEqual({ ...log[0]?.metadata, originalRecordedAt: log[0]?.recordedAt });
});

/** Fails at the `nth` call that changes the store: before it has an effect, or after it. */
const failing = (store: EventStore, nth: number, after: boolean): EventStore => {
  let calls = 0;
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    const fails = ++calls === nth;
    if (fails && !after) throw new Error('cut');
    const result = await work();
    if (fails) throw new Error('cut');
    return result;
  };
  return {
    ...store,
    append: (item) => guard(() => store.append(item)),
    truncate: (stream, before) => guard(() => store.truncate(stream, before)),
    erase: (stream) => guard(() => store.erase(stream)),
  };
};

/** What a reader finds in its streams, in the order of the log. */
const readable = async (store: EventStore): Promise<Omit<RecordedEvent, 'position'>[]> => {
  const found: Omit<RecordedEvent, 'position'>[] = [];
  for (const event of await readLog(store)) {
    const { events, head } = await store.read(event.stream, { from: event.revision, limit: 1 });
    if (head === 'erased' || events[0]?.revision === event.revision) found.push(event);
  }
  return found;
};

const same = (store: EventStore): EventStore => store;
const steps = [
  [false, 'at once', same],
  [true, 'at once', same],
  [false, 'lazily', lazilyTruncating],
  [true, 'lazily', lazilyTruncating],
] as const;

it.each(steps)(
  'cut at any step (after its effect: %s; a store that truncates %s), it ends as if it had never been',
  async (after, _how, store) => {
    const from = await memoryOrigin();
    const log = await readLog(from.store);
    let cuts = 0;
    for (let nth = 1; ; nth++) {
      const made = memoryTarget();
      const to = { ...made, store: store(made.store) };
      const cut = { from, to: { ...to, store: failing(to.store, nth, after) }, close };
      const ended = await migrate(cut, quiet, whole).then(
        () => 'whole',
        (error: Error) => error.message,
      );
      if (ended === 'whole') break;
      expect(ended).toBe('cut');
      cuts++;
      const done = await migrate({ from, to, close }, quiet, whole);
      expect(done!.found + done!.copied).toBe(log.length);
      expect(await readable(to.store)).toEqual(log);
      if (store === same) expect((await readLog(to.store)).filter(isPlaceholder)).toEqual([]);
    }
    expect(cuts).toBeGreaterThan(20);
  },
);

it('goes on where it was told to stop, and a third run has nothing to do', async () => {
  const from = await memoryOrigin();
  const to = memoryTarget();
  const stop = new AbortController();
  const half: Progress = (step, done, total) => step === 'copy' && done > total / 2 && stop.abort();
  expect(await migrate({ from, to, close }, half, stop.signal)).toBeNull();
  expect(to.vault.all.size).toBe(0);
  const copied = (await readLog(to.store)).length;
  const second = await migrate({ from, to, close }, quiet, whole);
  expect(second).toMatchObject({ found: copied, copied: second!.events - copied });
  expect(copied).toBeGreaterThan(3);
  expect(await migrate({ from, to, close }, quiet, whole)).toEqual({ ...second, found: second!.events, copied: 0 });
});

it.each([
  ['at once', same],
  ['lazily', lazilyTruncating],
])('a folder that went on between two runs (a store that truncates %s): what left it leaves the target', async (_how, store) => {
  const from = await memoryOrigin();
  const made = memoryTarget();
  const to = { ...made, store: store(made.store) };
  await migrate({ from, to, close }, quiet, whole);
  const [first] = await readLog(from.store);
  const write = async (stream: string, id: string): Promise<void> => {
    const { head } = await from.store.read(stream as StreamName);
    const expected = head === 'erased' ? 0 : head;
    expect(await from.store.append({ stream: stream as StreamName, events: [{ ...first!, id }], expected })).toMatchObject({ ok: true });
  };
  await write('test.thing-late', 'late');
  // Dropped up to what the target has, up to the one before what is new, and beyond it.
  await from.store.truncate('test.thing-a' as StreamName, 2);
  await write('test.thing-b', 'b4');
  await from.store.truncate('test.thing-b' as StreamName, 4);
  for (const id of ['n1', 'n2', 'n3']) await write('test.thing-new2', id);
  await from.store.truncate('test.thing-new2' as StreamName, 3);
  await from.store.erase('test.thing-new0' as StreamName);
  from.people.set('s1', { name: 'Ada' });

  expect(await migrate({ from, to, close }, quiet, whole)).toMatchObject({ copied: 4 });
  expect(await readable(to.store)).toEqual(await readLog(from.store));
  expect((await to.store.read('test.thing-new0' as StreamName)).head).toBe('erased');
  expect(to.vault.all.get('s1')).toEqual({ name: 'Ada' });
});

it('refuses a target that holds something else, or goes on by itself, and writes nothing there', async () => {
  const from = await memoryOrigin();
  const [first] = await readLog(from.store);
  const other = memoryTarget();
  await other.store.append({ stream: 'test.thing-other' as StreamName, events: [first!], expected: 'no-stream' });
  await expect(migrate({ from, to: other, close }, quiet, whole)).rejects.toMatchObject({
    code: 'bad-request',
    message: expect.stringContaining('CARILLON_POSTGRES_URL'),
  });
  expect((await readLog(other.store)).length).toBe(1);
  expect(other.vault.all.size).toBe(0);

  const live = memoryTarget();
  await migrate({ from, to: live, close }, quiet, whole);
  await live.store.append({ stream: 'test.thing-live' as StreamName, events: [first!], expected: 'no-stream' });
  await expect(migrate({ from, to: live, close }, quiet, whole)).rejects.toThrow('test.thing-live 0, where this folder ends');
});

it('refuses when somebody else writes to the target meanwhile', async () => {
  const from = await memoryOrigin();
  const to = memoryTarget();
  const [first] = await readLog(from.store);
  const intrude: Progress = (step, _done, _total) => {
    if (step === 'copy')
      void to.store.append({ stream: 'test.thing-new3' as StreamName, events: [{ ...first!, id: 'x' }], expected: 'no-stream' });
  };
  await expect(migrate({ from, to, close }, intrude, whole)).rejects.toMatchObject({ code: 'bad-request' });
});

it.each([
  [
    'an event that is not the same',
    (store: EventStore): EventStore => ({
      ...store,
      append: (item) => store.append({ ...item, events: item.events.map((event) => ({ ...event, data: {} })) }),
    }),
  ],
  [
    'an event that is not there',
    (store: EventStore): EventStore => ({
      ...store,
      append: async (item) => (item.stream === 'test.thing-new3' ? { ok: true, revision: 0, position: '1' as never } : store.append(item)),
    }),
  ],
])('tells of %s in the end', async (_what, broken) => {
  const from = await memoryOrigin();
  const to = memoryTarget();
  await expect(migrate({ from, to: { ...to, store: broken(to.store) }, close }, quiet, whole)).rejects.toMatchObject({
    code: 'store-corrupt',
  });
});
