import type { Context } from '../../src/core/context.ts';
import type { AnyDecider, Decision } from '../../src/core/decider.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { RecordedEvent } from '../../src/core/event.ts';
import type { Reactor } from '../../src/core/reactor.ts';
import type { AppendItem, AppendResult, EventStore } from '../../src/ports/event-store.ts';
import type { Ports } from '../process.ts';

type Contexts = readonly Context[];

export const headOf = async (store: EventStore, item: AppendItem) => (await store.read(item.stream, { backwards: true, limit: 1 })).head;

export const withAppend = (
  inner: EventStore,
  appendMany: (items: readonly AppendItem[]) => Promise<readonly AppendResult[]>,
): EventStore => ({
  ...inner,
  appendMany,
  append: async (item) => (await appendMany([item]))[0]!,
});

export const mapRead = (store: EventStore, change: (event: RecordedEvent) => RecordedEvent): EventStore => ({
  ...store,
  read: async (stream, range) => {
    const page = await store.read(stream, range);
    return { ...page, events: page.events.map(change) };
  },
});

export const withStore = (ports: Ports, store: Partial<EventStore>): Ports => ({ ...ports, store: { ...ports.store, ...store } });

export const mapEffects = (contexts: Contexts, change: (effect: Effect) => Effect): Contexts =>
  contexts.map((context) => ({ ...context, effects: (context.effects ?? []).map(change) }));

export const mapReactors = (contexts: Contexts, change: (reactor: Reactor) => Reactor): Contexts =>
  contexts.map((context) => ({ ...context, reactors: (context.reactors ?? []).map(change) }));

export const mapDecider = (contexts: Contexts, category: string, change: (decider: AnyDecider) => Partial<AnyDecider>): Contexts =>
  contexts.map((context) => ({
    ...context,
    deciders: context.deciders.map((decider) => (decider.category === category ? { ...decider, ...change(decider) } : decider)),
  }));

/** Decides on a state that the bug has bent. */
export const decideOn = (
  contexts: Contexts,
  category: string,
  bend: (state: never, command: { readonly type: string; readonly data: never }) => object | null,
): Contexts =>
  mapDecider(contexts, category, (decider) => ({
    decide: (command, state): Decision => {
      const bent = bend(state as never, command as never);
      return decider.decide(command, bent === null ? state : ({ ...(state as object), ...bent } as never));
    },
  }));
