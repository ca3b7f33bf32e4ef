import type { StreamName } from './event.ts';
import { categoryOf, contextOf, idOf } from './stream.ts';

/** How many partitions each context has; fixed when the store is made. */
export const defaultPartitions = 32;

/** FNV-1a over UTF-16 units: stable across processes and releases, which `partitionOf` needs. */
export const hash32 = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
};

export const partitionOf = (key: string, partitions: number): number => hash32(key) % partitions;

/** Who handles a stream: the context, and the key that its partition is computed from. */
export type Route = { readonly context: string; readonly key: string };

/**
 * A domain actor is handled by its own context under its own name. The engine's actors follow their job: a schedule and
 * its runs share the schedule's key, an item sits with the actor it is about, an effect has its own key.
 */
export const routeOf = (stream: StreamName): Route => {
  const category = categoryOf(stream);
  const id = idOf(stream);
  const owner = id.slice(0, id.indexOf('/'));
  switch (category) {
    case 'engine.schedule':
    case 'engine.effect':
      return { context: owner, key: id };
    case 'engine.run':
      return { context: owner, key: id.slice(0, id.indexOf('@')) };
    case 'engine.item':
      return { context: owner, key: id.slice(id.indexOf(':') + 1) };
    default:
      return { context: contextOf(category), key: stream };
  }
};

/** `giving.07`: the routing key of a stream's queue. */
export const queueKey = (stream: StreamName, partitions: number): string => {
  const route = routeOf(stream);
  return partitionKey(route.context, partitionOf(route.key, partitions));
};

export const partitionKey = (context: string, partition: number): string => `${context}.${String(partition).padStart(2, '0')}`;
