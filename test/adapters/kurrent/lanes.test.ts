import { describe, expect, it } from 'vitest';
import { createLanes } from '../../../src/adapters/kurrent/lanes.ts';
import type { Write } from '../../../src/adapters/kurrent/writer.ts';
import { CarillonError } from '../../../src/core/errors.ts';
import type { Position, StreamName } from '../../../src/core/event.ts';
import type { AppendItem } from '../../../src/ports/event-store.ts';
import { events, freshStream } from '../../contracts/event-store/harness.ts';

const written = { ok: true, revision: 0, position: '0' as Position } as const;
const item = (stream: StreamName = freshStream(), count = 1): AppendItem => ({ stream, events: events(count), expected: 'no-stream' });

/** Writes that end when the test says so. */
const heldWrites = () => {
  const batches: { streams: StreamName[]; end: () => void }[] = [];
  const write: Write = async (items) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    batches.push({ streams: items.map(({ stream }) => stream), end: resolve });
    await promise;
    return items.map(() => written);
  };
  return { batches, write, next: () => new Promise((resolve) => setImmediate(resolve)) };
};

describe('appends that wait at the same time', () => {
  it('go together', async () => {
    const { batches, write, next } = heldWrites();
    const lanes = createLanes(write);
    const all = Promise.all([lanes.submit([item()]), lanes.submit([item(), item()])]);
    await next();
    expect(batches.map(({ streams }) => streams.length)).toEqual([3]);
    batches[0]?.end();
    expect((await all).map((results) => results.length)).toEqual([1, 2]);
  });

  it('go one after the other to one stream, in their order', async () => {
    const { batches, write, next } = heldWrites();
    const lanes = createLanes(write);
    const [stream, other] = [freshStream(), freshStream()];
    const all = Promise.all([stream, other, stream].map((name) => lanes.submit([item(name)])));
    await next();
    expect(batches.map(({ streams }) => streams)).toEqual([[stream, other]]);
    batches[0]?.end();
    await next();
    expect(batches[1]?.streams).toEqual([stream]);
    batches[1]?.end();
    await all;
  });

  it('keep names apart that differ in case only', async () => {
    const { batches, write, next } = heldWrites();
    const lanes = createLanes(write);
    const all = lanes.submit([item('giving.escrow-Ab'), item('giving.escrow-aB')]);
    await next();
    expect(batches.map(({ streams }) => streams)).toEqual([['giving.escrow-Ab']]);
    batches[0]?.end();
    await next();
    expect(batches[1]?.streams).toEqual(['giving.escrow-aB']);
    batches[1]?.end();
    await all;
  });

  it('are split where a batch would grow too large', async () => {
    const { batches, write, next } = heldWrites();
    const lanes = createLanes(write);
    const all = lanes.submit(Array.from({ length: 3 }, () => item(freshStream(), 400)));
    await next();
    expect(batches.map(({ streams }) => streams.length)).toEqual([2]);
    batches[0]?.end();
    await next();
    batches[1]?.end();
    expect(await all).toHaveLength(3);
  });

  it('fail only for those whose fate is unknown', async () => {
    const lanes = createLanes(async (items) =>
      items.map((_, index) => (index === 1 ? new CarillonError('store-unavailable', 'gone') : written)),
    );
    const [first, second] = await Promise.allSettled([lanes.submit([item()]), lanes.submit([item()])]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'store-unavailable' } });
    await lanes.idle();
  });
});
