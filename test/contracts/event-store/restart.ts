import { expect, it } from 'vitest';
import type { RecordedEvent } from '../../../src/core/event.ts';
import type { AppendItem } from '../../../src/ports/event-store.ts';
import { collect, collectUntil, event, events, freshStream, type Open, useStore, won } from './harness.ts';

/** What must be there again after a restart. */
export const restarting = (open: Open): void => {
  const { store, reopen } = useStore(open);

  it('has everything it had answered, and goes on behind it', async () => {
    const streams = Array.from({ length: 50 }, () => freshStream());
    await store().appendMany(streams.map((stream) => ({ stream, events: events(3), expected: 'no-stream' })));
    const before = await collect(store().readAll({}));
    const head = await store().head();
    await reopen();
    expect(await collect(store().readAll({}))).toEqual(before);
    expect(await store().head()).toBe(head);
    const result = won(await store().append({ stream: streams[7] ?? freshStream(), events: [event()], expected: 2 }));
    expect(result.revision).toBe(3);
    expect(result.position > (head ?? '')).toBe(true);
  });

  it('knows a repeat, a conflict and a closed stream of before', async () => {
    const [stream, gone] = [freshStream(), freshStream()];
    const single: AppendItem = { stream, events: events(2), expected: 'no-stream' };
    const batch = Array.from({ length: 5 }, (): AppendItem => ({ stream: freshStream(), events: [event()], expected: 'no-stream' }));
    const answers = [await store().append(single), ...(await store().appendMany(batch))];
    await store().append({ stream: gone, events: [event()], expected: 'no-stream' });
    await store().erase(gone);
    await reopen();
    expect([await store().append(single), ...(await store().appendMany(batch))]).toEqual(answers);
    expect(await store().append({ stream, events: events(2), expected: 'no-stream' })).toEqual({ ok: false, actual: 1 });
    expect(await store().append({ stream: gone, events: [event()], expected: 'no-stream' })).toEqual({ ok: false, actual: 'erased' });
  });

  it('lets a subscriber go on from its checkpoint', async () => {
    await Promise.all(
      Array.from({ length: 20 }, () => store().append({ stream: freshStream(), events: [event()], expected: 'no-stream' })),
    );
    const seen = await collectUntil(store().subscribe({ pageSize: 5 }, new AbortController().signal), (found) => found.length >= 10);
    await reopen();
    const rest = collectUntil(
      store().subscribe({ after: seen.at(-1)?.position ?? null }, new AbortController().signal),
      (found) => found.length >= 11,
    );
    await store().append({ stream: freshStream(), events: [event()], expected: 'no-stream' });
    const all = (await collect(store().readAll({}))).events.map((item) => item.id);
    expect([...seen, ...(await rest)].map((item) => item.id)).toEqual(all);
  });

  it('delivers the marker of an erased stream through filters, to readers of every kind', async () => {
    const stream = freshStream();
    await store().append({ stream, events: events(2), expected: 'no-stream' });
    await store().erase(stream);
    await reopen();
    for (const range of [{ types: ['Unheard'] }, { categories: ['quiz.streak'] }]) {
      const marker = (found: readonly RecordedEvent[]): boolean => found.some((item) => item.stream === stream);
      const [item] = await collectUntil(store().subscribe(range, new AbortController().signal), marker);
      expect(item).toMatchObject({ stream, type: 'StreamErased', revision: 2 });
      expect((await collect(store().readAll(range))).events).toEqual([item]);
    }
  });
};
