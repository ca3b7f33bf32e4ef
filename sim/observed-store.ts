import { type RecordedEvent, streamErased } from '../src/core/event.ts';
import type { AppendItem, AppendResult, EventStore } from '../src/ports/event-store.ts';
import type { Fault, Trace } from './fault.ts';
import type { World } from './world.ts';

export type Durable = {
  readonly store: EventStore;
  /** The last revision of a stream that is durable; -1: none. An erased stream has them all. */
  head(stream: string): number;
  readonly erased: ReadonlySet<string>;
};

type Deps = {
  readonly world: World;
  readonly fault: Fault;
  readonly say: Trace;
  watch(event: Omit<RecordedEvent, 'position'>): void;
};

/** The real store, which tells of each event once, when it has become durable. */
export const observedStore = (base: EventStore, { world, fault, say, watch }: Deps): Durable => {
  const seen = new Set<string>();
  const heads = new Map<string, number>();
  const erased = new Set<string>();

  const tell = (item: AppendItem, last: number): void => {
    heads.set(item.stream, Math.max(last, heads.get(item.stream) ?? -1));
    for (const [offset, event] of item.events.entries()) {
      if (seen.has(event.id)) {
        fault.count('repeatedAppend');
        continue;
      }
      seen.add(event.id);
      const revision = last - item.events.length + 1 + offset;
      const { rule, causationId } = event.metadata;
      const data = JSON.stringify(event.data).slice(0, 120);
      say('log', `${item.stream} ${revision} ${event.type} ${rule} cause ${causationId} ${data}`);
      watch({ ...event, stream: item.stream, revision, recordedAt: world.now() });
    }
  };
  const observe = (items: readonly AppendItem[], results: readonly AppendResult[]): void => {
    for (const [index, item] of items.entries()) {
      const result = results[index];
      if (result?.ok) tell(item, result.revision);
      else {
        fault.count('conflict');
        say('log', `${item.stream} refused ${item.events[0]!.type}: expected ${item.expected}, is ${String(result?.actual)}`);
      }
    }
  };
  const store: EventStore = {
    ...base,
    append: async (item) => {
      const result = await base.append(item);
      observe([item], [result]);
      return result;
    },
    appendMany: async (items) => {
      const results = await base.appendMany(items);
      observe(items, results);
      return results;
    },
    erase: async (stream) => {
      await base.erase(stream);
      erased.add(stream);
      fault.count('erasedStream');
      say('log', `${stream} ${streamErased}`);
    },
  };
  return { store, erased, head: (stream) => (erased.has(stream) ? Number.POSITIVE_INFINITY : (heads.get(stream) ?? -1)) };
};
