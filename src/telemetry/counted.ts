import { categoryOf } from '../core/stream.ts';
import type { Broker } from '../ports/broker.ts';
import type { AppendItem, AppendResult, EventStore } from '../ports/event-store.ts';
import type { Metrics } from './metrics.ts';

/** Counts the events that became durable. */
export const countedEventStore = (store: EventStore, metrics: Metrics): EventStore => {
  const count = (items: readonly AppendItem[], results: readonly AppendResult[]): void => {
    const counts = new Map<string, number>();
    for (const [index, { stream, events }] of items.entries()) {
      const category = categoryOf(stream);
      if (results[index]?.ok) counts.set(category, (counts.get(category) ?? 0) + events.length);
    }
    for (const [category, events] of counts) metrics.add('appended', events, { category });
  };
  return {
    ...store,
    append: async (item) => {
      const result = await store.append(item);
      count([item], [result]);
      return result;
    },
    appendMany: async (items) => {
      const results = await store.appendMany(items);
      count(items, results);
      return results;
    },
  };
};

const partitionQueue = /^carillon\.([a-z][a-z0-9]*)\.\d+$/;

/** Remembers which partition queues this process reads, so that their depth can be told; messages pass untouched. */
export const watchedBroker = (broker: Broker, metrics: Metrics): Broker => {
  const queues = new Map<string, Set<string>>();
  const depthOf = async (names: ReadonlySet<string>): Promise<number> => {
    const depths = await Promise.all([...names].map((name) => broker.depth(name)));
    return depths.reduce((sum, depth) => sum + depth, 0);
  };
  metrics.observe('queue', () =>
    Promise.all([...queues].map(async ([context, names]) => ({ value: await depthOf(names), labels: { context } }))),
  );
  return {
    ...broker,
    consume: (queue, options, handler) => {
      const context = partitionQueue.exec(queue)?.[1];
      if (context !== undefined) queues.set(context, (queues.get(context) ?? new Set()).add(queue));
      return broker.consume(queue, options, handler);
    },
  };
};
