import type { Context } from '../../src/core/context.ts';
import type { AnyDecider } from '../../src/core/decider.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { Position, RecordedEvent } from '../../src/core/event.ts';
import type { Reactor } from '../../src/core/reactor.ts';
import type { AppendItem, AppendResult, EventStore, LogPage } from '../../src/ports/event-store.ts';
import type { Commit, ReadModels } from '../../src/ports/read-models.ts';
import { createPrng } from '../prng.ts';
import type { Plant } from '../simulate.ts';

const headOf = async (store: EventStore, item: AppendItem) => (await store.read(item.stream, { backwards: true, limit: 1 })).head;

const withAppend = (inner: EventStore, appendMany: (items: readonly AppendItem[]) => Promise<readonly AppendResult[]>): EventStore => ({
  ...inner,
  appendMany,
  append: async (item) => (await appendMany([item]))[0]!,
});

const mapEffects = (contexts: readonly Context[], change: (effect: Effect) => Effect): readonly Context[] =>
  contexts.map((context) => ({ ...context, effects: (context.effects ?? []).map(change) }));
const mapReactors = (contexts: readonly Context[], change: (reactor: Reactor) => Reactor): readonly Context[] =>
  contexts.map((context) => ({ ...context, reactors: (context.reactors ?? []).map(change) }));
const mapDeciders = (contexts: readonly Context[], change: (decider: AnyDecider) => AnyDecider): readonly Context[] =>
  contexts.map((context) => ({ ...context, deciders: context.deciders.map(change) }));

const mapEvents = (store: EventStore, change: (event: RecordedEvent) => RecordedEvent): EventStore => ({
  ...store,
  read: async (stream, range) => {
    const page = await store.read(stream, range);
    return { ...page, events: page.events.map(change) };
  },
});

/** Bugs put in on purpose, each by wrapping a port or a definition. The simulator must find each of them. */
export const plants: readonly Plant[] = [
  {
    name: 'ack-before-durable',
    about: 'an append is answered while it is still in memory; a kill loses it',
    store: (inner, { world, life }) =>
      withAppend(inner, async (items) => {
        const mine = life();
        const heads = await Promise.all(items.map((item) => headOf(inner, item)));
        const fits = items.every((item, index) => item.expected === heads[index]);
        if (!fits) return inner.appendMany(items);
        const head = Number((await inner.head()) ?? 0);
        world.after(300, () => {
          if (mine.dead()) return;
          world.busy.count++;
          void inner.appendMany(items).finally(() => world.busy.count--);
        });
        return items.map((item, index) => ({
          ok: true as const,
          revision: (item.expected === 'no-stream' ? -1 : item.expected) + item.events.length,
          position: String(head + index + 1).padStart(16, '0') as Position,
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
      withAppend(inner, async (items) =>
        inner.appendMany(
          await Promise.all(
            items.map(async (item) => {
              const head = await headOf(inner, item);
              return head === 'erased' ? item : { ...item, expected: head };
            }),
          ),
        ),
      ),
  },
  {
    name: 'retry-on-unknown',
    about: 'an effect of unknown outcome is sent again although the provider does not do a key once',
    contexts: (contexts) => mapEffects(contexts, (effect) => ({ ...effect, idempotent: true })),
  },
  {
    name: 'key-from-attempt',
    about: 'the key at the provider holds the attempt',
    contexts: (contexts, { provider, life }) =>
      mapEffects(contexts, (effect) =>
        effect.name === 'giving/notify'
          ? { ...effect, handler: (call) => provider.call(life, effect.name, true, call, `${call.key}#${call.attempt}`) }
          : effect,
      ),
  },
  {
    name: 'call-before-start',
    about: 'the provider is called before the start is durable',
    store: (inner, { provider, world }) =>
      withAppend(inner, async (items) => {
        for (const item of items)
          for (const event of item.events)
            if (event.type === 'EffectStarted' && item.stream.includes('house/ring')) {
              const request = (await inner.read(item.stream, { limit: 1 })).events[0];
              const { key } = (request?.data ?? { key: '' }) as { key: string };
              world.after(1, () => provider.apply('house/ring', key, key, false));
            }
        return inner.appendMany(items);
      }),
  },
  {
    name: 'checkpoint-before-rows',
    about: 'a projection commits its checkpoint first and its rows a little later',
    ports: (ports, { world, life }) => {
      const inner = ports.readModels;
      const commit = async (wish: Commit): Promise<void> => {
        const mine = life();
        if (wish.puts.length + wish.removes.length === 0) return inner.commit(wish);
        await inner.commit({ ...wish, puts: [], removes: [], removeWheres: [] });
        await world.sleep(2);
        if (!mine.dead()) await inner.commit({ ...wish, previous: wish.next });
      };
      return { ...ports, readModels: { ...inner, commit } satisfies ReadModels };
    },
  },
  {
    name: 'reactor-ahead',
    about: "a reactor's checkpoint passes a page before its commands were answered",
    ports: (ports, { registry }) => {
      const inner = ports.store;
      const models = ports.readModels;
      const subscribe = async function* (
        range: Parameters<EventStore['subscribe']>[0],
        signal: AbortSignal,
      ): AsyncGenerator<LogPage, void, void> {
        const reactor = registry().reactors.find((each) => each.on === range.types);
        for await (const page of inner.subscribe(range, signal)) {
          if (reactor !== undefined && page.events.length > 0) {
            const projection = `reactor:${reactor.name}`;
            const previous = await models.checkpoint(projection);
            await models.commit({ projection, build: 'live', puts: [], removes: [], removeWheres: [], previous, next: page.upTo });
          }
          yield page;
        }
      };
      const commit = async (wish: Commit): Promise<void> => {
        if (wish.projection.startsWith('reactor:') && (await models.checkpoint(wish.projection)) === wish.next) return;
        await models.commit(wish);
      };
      return { ...ports, store: { ...inner, subscribe }, readModels: { ...models, commit } };
    },
  },
  {
    name: 'random-command-id',
    about: "a reactor's commands have random ids, so that a repeat is another command",
    contexts: (contexts) => {
      const chance = createPrng(1, 'planted ids');
      return mapReactors(contexts, (reactor) => ({
        ...reactor,
        react: (event) => reactor.react(event).map((item) => ('effect' in item ? item : { ...item, key: String(chance.next()) })),
      }));
    },
  },
  {
    name: 'memory-only-dedup',
    about: 'what was done before is known in memory only: a load forgets the command ids',
    store: (inner) => mapEvents(inner, (event) => ({ ...event, metadata: { ...event.metadata, causationId: 'due' } })),
  },
  {
    name: 'slot-without-fence',
    about: 'the schedule forgets which slots were decided when it opens one',
    contexts: (contexts) =>
      mapDeciders(contexts, (decider) =>
        decider.category === 'engine.schedule'
          ? {
              ...decider,
              decide: (command, state) =>
                decider.decide(
                  command,
                  command.type === 'OpenSlot' && (state as { paused: unknown }).paused === null
                    ? ({
                        ...(state as object),
                        open: null,
                        watermark: new Date(Date.parse((command.data as { at: string }).at) - 1).toISOString(),
                      } as never)
                    : state,
                ),
            }
          : decider,
      ),
  },
  {
    name: 'planning-does-not-wait',
    about: 'planning reads the due index before it has caught up',
    ports: (ports) => ({ ...ports, readModels: { ...ports.readModels, passed: async () => undefined } }),
  },
  {
    name: 'subscription-skips',
    about: 'a subscription that is opened again begins one event too late',
    store: (inner) => ({
      ...inner,
      subscribe: (range, signal) =>
        inner.subscribe(
          range.after === null || range.after === undefined
            ? range
            : { ...range, after: String(Number(range.after) + 1).padStart(16, '0') as Position },
          signal,
        ),
    }),
  },
  {
    name: 'refund-after-hold',
    about: 'the job decides at the tick only, so that a refund after the hold finds the escrow held',
    contexts: (contexts) =>
      contexts.map((context) => ({
        ...context,
        jobs: (context.jobs ?? []).map((job) =>
          job.name === 'giving/release-escrows' ? { ...job, takesEffect: 'at-tick' as const } : job,
        ),
      })),
  },
  {
    name: 'coins-before-release',
    about: 'coins are given for refunds too',
    contexts: (contexts) =>
      mapReactors(contexts, (reactor) =>
        reactor.name === 'giving/award-coins' ? { ...reactor, on: [...reactor.on, 'EscrowRefunded'] } : reactor,
      ),
  },
  {
    name: 'started-is-forever',
    about: 'a start without an outcome is never given up',
    contexts: (contexts) =>
      mapDeciders(contexts, (decider) =>
        decider.category === 'engine.effect'
          ? {
              ...decider,
              decide: (command, state) =>
                command.type === 'StartEffect' && (state as { status: string }).status === 'started'
                  ? { kind: 'ignored', rule: 'not-due' }
                  : decider.decide(command, state),
            }
          : decider,
      ),
  },
  {
    name: 'stale-read',
    about: 'a read of a stream leaves out its newest event now and then',
    store: (inner) => {
      const chance = createPrng(2, 'planted reads');
      return {
        ...inner,
        read: async (stream, range) => {
          const page = await inner.read(stream, range);
          return !range?.backwards && page.events.length > 1 && chance.chance(0.2) ? { ...page, events: page.events.slice(0, -1) } : page;
        },
      };
    },
  },
  {
    name: 'paid-twice',
    about: 'a decision gives the coins twice',
    contexts: (contexts) =>
      mapDeciders(contexts, (decider) =>
        decider.category === 'giving.coins'
          ? {
              ...decider,
              decide: (command, state) => {
                const decision = decider.decide(command, state);
                return decision.kind === 'accepted' ? { ...decision, events: [...decision.events, ...decision.events] } : decision;
              },
            }
          : decider,
      ),
  },
];
