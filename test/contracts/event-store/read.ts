import { describe, expect, it } from 'vitest';
import type { Position } from '../../../src/core/event.ts';
import type { EventStore } from '../../../src/ports/event-store.ts';
import { collect, event, events, freshStream, type Open, useStore, won } from './harness.ts';

const revisions = async (page: ReturnType<EventStore['read']>): Promise<number[]> => (await page).events.map((item) => item.revision);

const streams = (open: Open): void => {
  const { store } = useStore(open);

  it('gives back what was written, with its place and time', async () => {
    const stream = freshStream();
    const written = event('EscrowHeld', { cents: '1200', nested: { list: [1, 'ü€😀', null, true], empty: {} } });
    const result = won(await store().append({ stream, events: [written], expected: 'no-stream' }));
    const page = await store().read(stream);
    expect(page).toEqual({
      head: 0,
      events: [
        { ...written, stream, revision: 0, position: result.position, recordedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/) },
      ],
    });
  });

  it('says no-stream of a stream that is not there', async () => {
    expect(await store().read(freshStream())).toEqual({ events: [], head: 'no-stream' });
  });

  it('reads forwards, backwards, from a revision and up to a limit', async () => {
    const stream = freshStream();
    await store().append({ stream, events: events(6), expected: 'no-stream' });
    await store().append({ stream, events: events(4), expected: 5 });
    expect(await revisions(store().read(stream))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await revisions(store().read(stream, { from: 7 }))).toEqual([7, 8, 9]);
    expect(await revisions(store().read(stream, { from: 4, limit: 2 }))).toEqual([4, 5]);
    expect(await revisions(store().read(stream, { from: 10 }))).toEqual([]);
    expect(await revisions(store().read(stream, { backwards: true, limit: 3 }))).toEqual([9, 8, 7]);
    expect(await revisions(store().read(stream, { backwards: true, from: 2 }))).toEqual([2, 1, 0]);
    expect((await store().read(stream, { from: 4, limit: 2 })).head).toBe(9);
  });

  it('drops events before a revision and keeps the rest', async () => {
    const stream = freshStream();
    await store().append({ stream, events: events(6), expected: 'no-stream' });
    await store().truncate(stream, 4);
    expect(await revisions(store().read(stream))).toEqual([4, 5]);
    expect(await revisions(store().read(stream, { backwards: true }))).toEqual([5, 4]);
    expect(won(await store().append({ stream, events: [event()], expected: 5 })).revision).toBe(6);
    expect(await store().append({ stream, events: [event()], expected: 'no-stream' })).toEqual({ ok: false, actual: 6 });
  });
};

/** Three streams, ten events each in turn, `EscrowHeld` and `StreakBroken`. */
const fill = async (store: EventStore): Promise<Position[]> => {
  const [escrow, streak] = [freshStream('giving.escrow'), freshStream('quiz.streak')];
  const positions: Position[] = [];
  for (let index = 0; index < 10; index++) {
    const expected = index === 0 ? 'no-stream' : index - 1;
    positions.push(won(await store.append({ stream: escrow, events: [event('EscrowHeld')], expected })).position);
    positions.push(won(await store.append({ stream: streak, events: [event('StreakBroken')], expected })).position);
  }
  return positions;
};

const log = (open: Open): void => {
  const { store } = useStore(open);

  it('reads everything in log order, in pages', async () => {
    const positions = await fill(store());
    const { events: found, marks } = await collect(store().readAll({ pageSize: 6 }));
    expect(found.map((item) => item.position)).toEqual(positions);
    expect(marks.at(-1)).toBe(positions.at(-1));
    expect(await store().head()).toBe(positions.at(-1));
  });

  it('begins after a position and stops at another', async () => {
    const positions = await fill(store());
    const after = positions[3] as Position;
    const upTo = positions[8] as Position;
    const { events: found, marks } = await collect(store().readAll({ after, upTo, pageSize: 2 }));
    expect(found.map((item) => item.position)).toEqual(positions.slice(4, 9));
    expect(marks.at(-1)).toBe(upTo);
  });

  it('filters by type and by category, and its marks go past what it left out', async () => {
    const positions = await fill(store());
    const byType = await collect(store().readAll({ types: ['EscrowHeld', 'Unheard'] }));
    expect(byType.events.map((item) => item.position)).toEqual(positions.filter((_, index) => index % 2 === 0));
    expect(byType.marks.at(-1)).toBe(positions.at(-1));
    const byCategory = await collect(store().readAll({ categories: ['quiz.streak'] }));
    expect(byCategory.events.map((item) => item.type)).toEqual(Array(10).fill('StreakBroken'));
    const none = await collect(store().readAll({ types: ['EscrowHeld'], categories: ['quiz.streak'] }));
    expect(none.events).toEqual([]);
    expect(none.marks.at(-1)).toBe(positions.at(-1));
  });

  it('ends at the head of the moment', async () => {
    const positions = await fill(store());
    const found: string[] = [];
    for await (const page of store().readAll({ pageSize: 5 })) {
      found.push(...page.events.map((item) => item.position));
      await store().append({ stream: freshStream(), events: [event()], expected: 'no-stream' });
    }
    expect(found).toEqual(positions);
  });

  it('has no head and no pages while it is empty', async () => {
    expect(await store().head()).toBeNull();
    expect((await collect(store().readAll({}))).events).toEqual([]);
  });
};

const erasure = (open: Open): void => {
  const { store } = useStore(open);

  it('makes a stream unreadable and closes it for good', async () => {
    const stream = freshStream();
    const item = { stream, events: events(3), expected: 'no-stream' as const };
    await store().append(item);
    await store().erase(stream);
    expect(await store().read(stream)).toEqual({ events: [], head: 'erased' });
    for (const expected of ['no-stream', 2, 3] as const) {
      expect(await store().append({ stream, events: [event()], expected })).toEqual({ ok: false, actual: 'erased' });
    }
    expect(await store().append(item)).toEqual({ ok: false, actual: 'erased' });
  });

  it('leaves one marker at a new position, which passes every filter', async () => {
    const [stream, other] = [freshStream(), freshStream()];
    await store().append({ stream, events: events(3), expected: 'no-stream' });
    const before = won(await store().append({ stream: other, events: [event()], expected: 'no-stream' })).position;
    await store().erase(stream);
    await store().erase(stream);
    for (const range of [{}, { types: ['Unheard'] }, { categories: ['quiz.streak'] }]) {
      const { events: found } = await collect(store().readAll(range));
      expect(found.filter((item) => item.stream === stream)).toEqual([
        {
          type: 'StreamErased',
          data: {},
          id: expect.any(String),
          stream,
          revision: 3,
          position: expect.any(String),
          recordedAt: expect.any(String),
          metadata: { correlationId: expect.any(String), causationId: 'erase', asOf: expect.any(String), rule: 'erased', schema: '1' },
        },
      ]);
      expect((found.at(-1)?.position ?? '') > before).toBe(true);
    }
  });

  it('closes a stream that was never there', async () => {
    const stream = freshStream();
    await store().erase(stream);
    expect(await store().append({ stream, events: [event()], expected: 'no-stream' })).toEqual({ ok: false, actual: 'erased' });
  });
};

/** How streams and the log are read, cut and erased. */
export const reading = (open: Open): void => {
  describe('a stream', () => streams(open));
  describe('the log', () => log(open));
  describe('erasure', () => erasure(open));
};
