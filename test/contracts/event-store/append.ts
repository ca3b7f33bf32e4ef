import { describe, expect, it } from 'vitest';
import type { AppendItem } from '../../../src/ports/event-store.ts';
import { collect, event, events, freshStream, type Open, useStore, won } from './harness.ts';

const expectations = (open: Open): void => {
  const { store } = useStore(open);

  it('gives the first event revision 0 and a position in order', async () => {
    const stream = freshStream();
    const first = won(await store().append({ stream, events: [event()], expected: 'no-stream' }));
    const second = won(await store().append({ stream, events: events(3), expected: 0 }));
    expect([first.revision, second.revision]).toEqual([0, 3]);
    expect(second.position > first.position).toBe(true);
  });

  it('refuses no-stream on a stream that is there, and tells its revision', async () => {
    const stream = freshStream();
    await store().append({ stream, events: events(3), expected: 'no-stream' });
    expect(await store().append({ stream, events: [event()], expected: 'no-stream' })).toEqual({ ok: false, actual: 2 });
  });

  it('refuses a revision on a stream that is not there', async () => {
    expect(await store().append({ stream: freshStream(), events: [event()], expected: 0 })).toEqual({ ok: false, actual: 'no-stream' });
  });

  it.each([0, 1, 3, 100])('refuses revision %i on a stream at 2', async (expected) => {
    const stream = freshStream();
    await store().append({ stream, events: events(3), expected: 'no-stream' });
    expect(await store().append({ stream, events: [event()], expected })).toEqual({ ok: false, actual: 2 });
    expect((await store().read(stream)).head).toBe(2);
  });

  it('refuses an append without events', async () => {
    await expect(store().append({ stream: freshStream(), events: [], expected: 'no-stream' })).rejects.toMatchObject({
      code: 'bad-request',
    });
  });
};

const repeats = (open: Open): void => {
  const { store } = useStore(open);

  it('answers the same ids at the same expectation with the answer of then, adding nothing', async () => {
    const stream = freshStream();
    const item: AppendItem = { stream, events: events(2), expected: 'no-stream' };
    const first = await store().append(item);
    await store().append({ stream, events: [event()], expected: 1 });
    expect(await store().append(item)).toEqual(first);
    expect((await store().read(stream)).events).toHaveLength(3);
  });

  it('answers a repeat at a later revision', async () => {
    const stream = freshStream();
    await store().append({ stream, events: events(2), expected: 'no-stream' });
    const item: AppendItem = { stream, events: events(2), expected: 1 };
    const first = await store().append(item);
    expect(await store().append(item)).toEqual(first);
    expect((await store().read(stream)).head).toBe(3);
  });

  it('refuses another id at a used expectation and tells the actual revision', async () => {
    const stream = freshStream();
    await store().append({ stream, events: [event()], expected: 'no-stream' });
    await store().append({ stream, events: [event()], expected: 0 });
    expect(await store().append({ stream, events: [event()], expected: 0 })).toEqual({ ok: false, actual: 1 });
  });

  it('refuses a batch of which only the beginning is there', async () => {
    const stream = freshStream();
    const [first, second] = [event(), event()];
    await store().append({ stream, events: [first], expected: 'no-stream' });
    expect(await store().append({ stream, events: [first, second], expected: 'no-stream' })).toEqual({ ok: false, actual: 0 });
    await store().append({ stream, events: [event()], expected: 0 });
    expect(await store().append({ stream, events: [first, second], expected: 'no-stream' })).toEqual({ ok: false, actual: 1 });
  });

  it('takes one of two equal appends that come at the same time, and answers both', async () => {
    const stream = freshStream();
    const item: AppendItem = { stream, events: events(2), expected: 'no-stream' };
    const [first, second] = await Promise.all([store().append(item), store().append(item)]);
    expect(second).toEqual(first);
    expect((await store().read(stream)).events).toHaveLength(2);
  });
};

const batches = (open: Open): void => {
  const { store } = useStore(open);

  it('decides each item of a batch by itself', async () => {
    const [taken, free, missing] = [freshStream(), freshStream(), freshStream()];
    await store().append({ stream: taken, events: events(2), expected: 'no-stream' });
    const results = await store().appendMany([
      { stream: taken, events: [event()], expected: 'no-stream' },
      { stream: free, events: events(3), expected: 'no-stream' },
      { stream: missing, events: [event()], expected: 4 },
    ]);
    expect(results).toEqual([
      { ok: false, actual: 1 },
      { ok: true, revision: 2, position: expect.any(String) },
      { ok: false, actual: 'no-stream' },
    ]);
    expect((await store().read(taken)).head).toBe(1);
    expect((await store().read(missing)).head).toBe('no-stream');
  });

  it('answers the same batch again with the answers of then', async () => {
    const items = Array.from({ length: 20 }, (): AppendItem => ({ stream: freshStream(), events: events(2), expected: 'no-stream' }));
    const first = await store().appendMany(items);
    expect(await store().appendMany(items)).toEqual(first);
    expect((await collect(store().readAll({}))).events).toHaveLength(40);
  });

  it('refuses a stream that stands in the batch twice', async () => {
    const stream = freshStream();
    const items: AppendItem[] = [
      { stream, events: [event()], expected: 'no-stream' },
      { stream, events: [event()], expected: 0 },
    ];
    await expect(store().appendMany(items)).rejects.toMatchObject({ code: 'bad-request' });
    expect((await store().read(stream)).head).toBe('no-stream');
  });

  it('answers an empty batch', async () => {
    expect(await store().appendMany([])).toEqual([]);
  });
};

const races = (open: Open): void => {
  const { store } = useStore(open);

  it('lets one of four writers win each of 300 streams', async () => {
    const streams = Array.from({ length: 300 }, () => freshStream());
    const results = await Promise.all(
      streams.flatMap((stream) => [1, 2, 3, 4].map(() => store().append({ stream, events: [event()], expected: 'no-stream' }))),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(300);
    expect(results.filter((result) => !result.ok && result.actual === 0)).toHaveLength(900);
    const log = await collect(store().readAll({}));
    expect(new Set(log.events.map((item) => item.stream)).size).toBe(300);
    expect(log.events).toHaveLength(300);
  });

  it('keeps one line of revisions when writers race on one stream', async () => {
    const stream = freshStream();
    await store().append({ stream, events: [event()], expected: 'no-stream' });
    const writer = async (): Promise<void> => {
      let expected = 0;
      for (let done = 0; done < 20; ) {
        const result = await store().append({ stream, events: [event()], expected });
        if (result.ok) done++;
        expected = result.ok ? result.revision : Number(result.actual);
      }
    };
    await Promise.all([writer(), writer(), writer()]);
    const { events: found } = await store().read(stream);
    expect(found.map((item) => item.revision)).toEqual(Array.from({ length: 61 }, (_, index) => index));
  });
};

/** How appends are taken and refused. */
export const appending = (open: Open): void => {
  describe('expected revision', () => expectations(open));
  describe('repeats', () => repeats(open));
  describe('batches', () => batches(open));
  describe('races', () => races(open));
};
