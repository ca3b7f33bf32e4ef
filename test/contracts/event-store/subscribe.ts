import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../../src/core/event.ts';
import type { EventStore, LogPage } from '../../../src/ports/event-store.ts';
import { collect, collectUntil, event, events, freshStream, type Open, useStore, won } from './harness.ts';

const appendOne = (store: EventStore, type?: string) =>
  store.append({ stream: freshStream(), events: [event(type)], expected: 'no-stream' });

const appendMany = (store: EventStore, count: number) => Promise.all(Array.from({ length: count }, () => appendOne(store)));

const never = new AbortController().signal;

const live = (open: Open): void => {
  const { store } = useStore(open);

  it('catches up, then follows, without gap or double under concurrent appends', async () => {
    await appendMany(store(), 500);
    const seen = collectUntil(store().subscribe({ pageSize: 50 }, never), (found) => found.length >= 1500);
    for (let round = 0; round < 10; round++) await appendMany(store(), 100);
    const positions = (await seen).map((item) => item.position);
    expect(positions).toEqual((await collect(store().readAll({}))).events.map((item) => item.position));
  });

  it('gives several subscribers the same events', async () => {
    const seen = [1, 2, 3].map(() => collectUntil(store().subscribe({}, never), (found) => found.length >= 60));
    await appendMany(store(), 60);
    const [first, second, third] = await Promise.all(seen);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(first).toEqual((await collect(store().readAll({}))).events);
  });

  it('filters, and its marks go past what it left out, before and after it is live', async () => {
    await appendOne(store(), 'StreakBroken');
    const last = { position: '' };
    const wanted = collectUntil(
      store().subscribe({ types: ['EscrowHeld'] }, never),
      (found, upTo) => found.length === 2 && upTo === last.position,
    );
    await appendOne(store(), 'EscrowHeld');
    await appendOne(store(), 'StreakBroken');
    await appendOne(store(), 'EscrowHeld');
    last.position = won(await appendOne(store(), 'StreakBroken')).position;
    expect((await wanted).map((item) => item.type)).toEqual(['EscrowHeld', 'EscrowHeld']);
  });

  it('delivers the marker of an erased stream through filters', async () => {
    const stream = freshStream();
    await store().append({ stream, events: events(2), expected: 'no-stream' });
    const marker = (found: readonly RecordedEvent[]): boolean =>
      found.some((item) => item.type === 'StreamErased' && item.stream === stream);
    const subscriptions = [{}, { types: ['Unheard'] }, { categories: ['quiz.streak'] }].map((range) =>
      collectUntil(store().subscribe(range, never), marker),
    );
    await store().erase(stream);
    await Promise.all(subscriptions);
    const late = await collectUntil(store().subscribe({ types: ['Unheard'] }, never), marker);
    expect(late.map((item) => item.type)).toEqual(['StreamErased']);
  });

  it('goes on from a checkpoint', async () => {
    await appendMany(store(), 10);
    const all = (await collect(store().readAll({}))).events;
    const after = all[6]?.position ?? null;
    const seen = collectUntil(store().subscribe({ after }, never), (found) => found.length >= 5);
    await appendMany(store(), 2);
    expect((await seen).slice(0, 3)).toEqual(all.slice(7));
  });
};

/** Pulls pages until the subscription waits for something new. */
const drain = async (pages: AsyncIterator<LogPage>, upTo: string): Promise<void> => {
  for (;;) {
    const page = await pages.next();
    if (page.done || page.value.upTo >= upTo) return;
  }
};

const ends = (open: Open): void => {
  const { store } = useStore(open);

  it('ends quietly when it is aborted while it waits', async () => {
    const stop = new AbortController();
    const head = won(await appendOne(store())).position;
    const pages = store().subscribe({}, stop.signal)[Symbol.asyncIterator]();
    await drain(pages, head);
    const waiting = pages.next();
    stop.abort();
    expect((await waiting).done).toBe(true);
  });

  it('gives nothing when it was aborted before', async () => {
    await appendOne(store());
    expect((await collect(store().subscribe({}, AbortSignal.abort()))).events).toEqual([]);
  });

  it('ends with store-closed when the store closes', async () => {
    const head = won(await appendOne(store())).position;
    const pages = store().subscribe({}, never)[Symbol.asyncIterator]();
    await drain(pages, head);
    const waiting = pages.next();
    await store().close();
    await expect(waiting).rejects.toMatchObject({ code: 'store-closed' });
  });

  it('refuses everything once it is closed', async () => {
    const stream = freshStream();
    await store().close();
    await store().close();
    const closed = { code: 'store-closed' };
    await expect(store().append({ stream, events: [event()], expected: 'no-stream' })).rejects.toMatchObject(closed);
    await expect(store().appendMany([{ stream, events: [event()], expected: 'no-stream' }])).rejects.toMatchObject(closed);
    await expect(store().read(stream)).rejects.toMatchObject(closed);
    await expect(store().head()).rejects.toMatchObject(closed);
    await expect(collect(store().readAll({}))).rejects.toMatchObject(closed);
    await expect(collect(store().subscribe({}, never))).rejects.toMatchObject(closed);
  });
};

/** How the log is followed. */
export const following = (open: Open): void => {
  describe('a subscription', () => live(open));
  describe('the end', () => ends(open));
};
