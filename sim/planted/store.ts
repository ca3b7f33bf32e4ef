import type { Position } from '../../src/core/event.ts';
import type { Plant } from '../plant.ts';
import { createPrng } from '../prng.ts';
import { headOf, mapRead, withAppend } from './wraps.ts';

const positionAfter = (head: Position | null, steps: number): Position => String(Number(head ?? 0) + steps).padStart(16, '0') as Position;

/** Bugs in how events are appended, read and followed. */
export const storePlants: readonly Plant[] = [
  {
    name: 'ack-before-durable',
    about: 'an append is answered while it is still in memory; a kill loses it',
    store: (inner, { world, life }) =>
      withAppend(inner, async (items) => {
        const heads = await Promise.all(items.map((item) => headOf(inner, item)));
        if (!items.every((item, index) => item.expected === heads[index])) return inner.appendMany(items);
        const head = await inner.head();
        world.after(300, () => {
          if (life.dead()) return;
          world.busy.count++;
          void inner.appendMany(items).finally(() => world.busy.count--);
        });
        return items.map((item, index) => ({
          ok: true as const,
          revision: (item.expected === 'no-stream' ? -1 : item.expected) + item.events.length,
          position: positionAfter(head, index + 1),
        }));
      }),
  },
  {
    name: 'bumped-revision',
    about: 'a conflict is answered by sending the same events at the new revision, without deciding again',
    store: (inner) =>
      withAppend(inner, async (items) => {
        const results = [...(await inner.appendMany(items))];
        for (const [index, result] of results.entries())
          if (!result.ok && result.actual !== 'erased') results[index] = await inner.append({ ...items[index]!, expected: result.actual });
        return results;
      }),
  },
  {
    name: 'append-any',
    about: 'appends expect any revision',
    store: (inner) =>
      withAppend(inner, async (items) => {
        const heads = await Promise.all(items.map((item) => headOf(inner, item)));
        return inner.appendMany(
          items.map((item, index) => (heads[index] === 'erased' ? item : { ...item, expected: heads[index] as number })),
        );
      }),
  },
  {
    name: 'conflict-as-success',
    about: 'a lost race is told as won',
    store: (inner) =>
      withAppend(inner, async (items) => {
        const head = await inner.head();
        return (await inner.appendMany(items)).map((result) =>
          result.ok || typeof result.actual !== 'number' ? result : { ok: true as const, revision: result.actual, position: head! },
        );
      }),
  },
  {
    name: 'half-a-batch',
    about: 'of a batch of appends the second half is forgotten, and told as done',
    store: (inner) =>
      withAppend(inner, async (items) => {
        const kept = items.slice(0, Math.max(1, items.length - 1));
        const results = await inner.appendMany(kept);
        return items.map((item, index) => {
          const expected = item.expected === 'no-stream' ? -1 : item.expected;
          return (
            results[index] ?? {
              ok: true,
              revision: expected + item.events.length,
              position: results.flatMap((each) => (each.ok ? [each.position] : []))[0]!,
            }
          );
        });
      }),
  },
  {
    name: 'memory-only-dedup',
    about: 'what was done before is known in memory only: a load forgets the command ids',
    store: (inner) => mapRead(inner, (event) => ({ ...event, metadata: { ...event.metadata, causationId: 'due' } })),
  },
  {
    name: 'stale-read',
    about: 'a read of a stream leaves out its newest event now and then, also when an answer is built on it',
    store: (inner, { seed }) => {
      const chance = createPrng(seed, 'planted reads');
      return {
        ...inner,
        read: async (stream, range) => {
          const page = await inner.read(stream, range);
          const stale = !range?.backwards && page.events.length > 0 && chance.chance(0.2);
          return stale ? { ...page, events: page.events.slice(0, -1) } : page;
        },
      };
    },
  },
  {
    name: 'subscription-skips',
    about: 'a subscription that is opened again begins one event too late',
    store: (inner) => ({
      ...inner,
      subscribe: (range, signal) => inner.subscribe(range.after ? { ...range, after: positionAfter(range.after, 1) } : range, signal),
    }),
  },
  {
    name: 'filter-drops',
    about: 'a page that the filter emptied is not told, so that a reader never learns that it is at the end',
    store: (inner) => ({
      ...inner,
      subscribe: async function* (range, signal) {
        for await (const page of inner.subscribe(range, signal))
          if (page.events.length > 0 || (range.types === undefined && range.categories === undefined)) yield page;
      },
    }),
  },
  {
    name: 'erase-not-done',
    about: 'an erasure is told as done and was not',
    store: (inner) => ({ ...inner, erase: async () => undefined }),
  },
];
