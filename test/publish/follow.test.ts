import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryBroker } from '../../src/adapters/memory/broker.ts';
import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { engineContext } from '../../src/contexts/engine/index.ts';
import { contextDefinitions } from '../../src/contexts/index.ts';
import type { StreamName } from '../../src/core/event.ts';
import { buildRegistry } from '../../src/core/registry.ts';
import { alone } from '../../src/ports/cluster.ts';
import { type Follower, follow } from '../../src/publish/follow.ts';
import { eventPublisher } from '../../src/publish/publisher.ts';
import { released } from './samples.ts';

const clock = createSystemClock();

const world = () => {
  const store = createMemoryEventStore({ clock });
  const readModels = openSqliteReadModels({ file: ':memory:' });
  const warnings: string[] = [];
  const observers = {
    note: (note: { readonly kind: string; readonly message?: string }): void => {
      if (note.kind === 'log') warnings.push(String(note.message));
    },
  };
  const deps = { store, readModels, clock, observers, cluster: alone(1) };
  const append = async (stream: StreamName, count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      const { head } = await store.read(stream);
      const { type, data, metadata } = released;
      const id = `${stream}-${typeof head === 'number' ? head + 1 : 0}`;
      await store.append({ stream, events: [{ id, type, data, metadata }], expected: typeof head === 'number' ? head : 'no-stream' });
    }
  };
  /** Runs a follower until the function that it gives is called; resolves when its place is known. */
  const run = async (follower: Follower): Promise<() => Promise<void>> => {
    const stop = new AbortController();
    const begun = Promise.withResolvers<void>();
    const begin: Follower['begin'] = (at) => follower.begin(at).then(begun.resolve);
    const done = follow(deps, { ...follower, begin }, stop.signal);
    const end = async (): Promise<void> => {
      stop.abort();
      await done;
    };
    onTestFinished(end);
    await begun.promise;
    return end;
  };
  return { ...deps, warnings, append, run };
};

const everything = {};
/** Writes down what it takes; `fail` is asked before each page. */
const listener = (fail: () => boolean = () => false) => {
  const seen: string[] = [];
  const follower: Follower = {
    name: 'listener',
    pageSize: 10,
    begin: async () => undefined,
    range: () => everything,
    take: async ({ events, upTo }) => {
      if (fail()) throw new Error('the line is cut');
      seen.push(...events.map(({ id }) => id));
      return upTo;
    },
  };
  return { seen, follower };
};

describe('a follower', () => {
  it('begins at the head, and goes on from its checkpoint when it comes back', async () => {
    const { append, run } = world();
    await append('giving.escrow-a', 2);
    const first = listener();
    const stop = await run(first.follower);
    await append('giving.escrow-b', 2);
    await expect.poll(() => first.seen).toEqual(['giving.escrow-b-0', 'giving.escrow-b-1']);
    await stop();
    await append('giving.escrow-c', 2);
    const second = listener();
    await run(second.follower);
    await expect.poll(() => second.seen).toEqual(['giving.escrow-c-0', 'giving.escrow-c-1']);
  });

  it('takes a page that failed again, and says so', async () => {
    const { append, run, warnings } = world();
    let failures = 2;
    const { seen, follower } = listener(() => failures-- > 0);
    await run(follower);
    await append('giving.escrow-a', 1);
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual(['giving.escrow-a-0']);
    expect(warnings).toContain('the line is cut');
  });

  it('reads another range as soon as the follower asks for one', async () => {
    const { append, run } = world();
    const seen: string[] = [];
    let range: { categories: readonly string[] } = { categories: ['giving.escrow'] };
    await run({
      name: 'moving',
      pageSize: 10,
      begin: async () => undefined,
      range: () => range,
      take: async ({ events, upTo }) => {
        seen.push(...events.map(({ id }) => id));
        if (events.length > 0) range = { categories: ['giving.wallet'] };
        return upTo;
      },
    });
    await append('giving.escrow-a', 1);
    await expect.poll(() => seen).toEqual(['giving.escrow-a-0']);
    await append('giving.escrow-a', 1);
    await append('giving.wallet-a', 1);
    await expect.poll(() => seen).toEqual(['giving.escrow-a-0', 'giving.wallet-a-0']);
  });
});

describe('the publisher', () => {
  it('publishes by type, in order per stream, with and without somebody bound', async () => {
    const { append, run, warnings } = world();
    const broker = createMemoryBroker({ clock });
    const built = contextDefinitions.map((context) => context.build({}));
    const publisher = eventPublisher({ broker, registry: buildRegistry([engineContext(new Map()), ...built]) });
    await run(publisher);
    onTestFinished(() => publisher.stop());
    await append('giving.escrow-unheard', 3);
    const heard: string[] = [];
    await broker.declare({
      exchanges: [{ name: 'carillon.events', kind: 'topic' }],
      queues: [{ name: 'books.releases' }],
      bindings: [{ exchange: 'carillon.events', queue: 'books.releases', key: 'giving.escrow.#' }],
    });
    await broker.consume('books.releases', { prefetch: 10 }, async ({ id }) => {
      heard.push(id);
      return 'ack';
    });
    for (let n = 0; n < 5; n++)
      for (const stream of ['giving.escrow-a', 'giving.escrow-b', 'giving.wallet-w', 'engine.token-t'] as const) await append(stream, 1);
    await expect.poll(() => heard.length).toBeGreaterThanOrEqual(10);
    for (const stream of ['giving.escrow-a', 'giving.escrow-b'])
      expect(heard.filter((id) => id.startsWith(stream))).toEqual([0, 1, 2, 3, 4].map((n) => `${stream}-${n}`));
    expect(heard.filter((id) => /wallet|token/.test(id))).toEqual([]);
    await expect.poll(() => broker.depth('carillon.events.unclaimed')).toBe(0);
    expect(warnings).toEqual([]);
  });
});
