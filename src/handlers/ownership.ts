import { partitionKey } from '../core/partition.ts';
import type { Broker, Consumer, Handler } from '../ports/broker.ts';
import type { Partition } from './partition.ts';

export type OwnershipDeps = {
  readonly broker: Broker;
  create(): Partition;
  handlerOf(partition: Partition): Handler;
  /** Before anything of gained or lost partitions is answered: what was cached of them may be old. */
  moving(): void;
  /** Partitions that are this process's from now on: what their last owner left open is taken up. */
  gained(keys: ReadonlySet<string>): Promise<void>;
};

const prefetch = 512;

/** The partitions that this process owns: one queue and one loop each. They come and go with the members of their context. */
export const createOwnership = (deps: OwnershipDeps) => {
  const owned = new Map<string, { readonly partition: Partition; readonly consumer: Consumer }>();
  /** Taken, and what their last owner left is not taken up yet. */
  const fresh = new Set<string>();

  const release = async (key: string): Promise<void> => {
    const entry = owned.get(key);
    if (entry === undefined) return;
    await entry.consumer.stop();
    await entry.partition.stop();
    owned.delete(key);
    fresh.delete(key);
  };

  /** All or nothing: a partition without a consumer would be owned by nobody, and nobody would know. */
  const take = async (key: string): Promise<void> => {
    const partition = deps.create();
    // Known before the first delivery: its handler may look for it.
    owned.set(key, { partition, consumer: { stop: async () => undefined } });
    try {
      const consumer = await deps.broker.consume(`carillon.${key}`, { prefetch }, deps.handlerOf(partition));
      owned.set(key, { partition, consumer });
      fresh.add(key);
    } catch (error) {
      owned.delete(key);
      await partition.stop();
      throw error;
    }
  };

  return {
    get: (key: string): Partition | undefined => owned.get(key)?.partition,
    /** Brings a context's partitions to these. Throws when broker or store do not answer; asked again, it does what is left. */
    set: async (context: string, indices: ReadonlySet<number>): Promise<void> => {
      const wanted = new Set([...indices].map((index) => partitionKey(context, index)));
      const lost = [...owned.keys()].filter((key) => key.startsWith(`${context}.`) && !wanted.has(key));
      const missing = [...wanted].filter((key) => !owned.has(key));
      if (lost.length + missing.length > 0) {
        await Promise.all(lost.map(release));
        deps.moving();
        const taken = await Promise.allSettled(missing.map(take));
        const failed = taken.find((each) => each.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
      }
      const gained = new Set([...fresh].filter((key) => wanted.has(key)));
      if (gained.size === 0) return;
      await deps.gained(gained);
      for (const key of gained) fresh.delete(key);
    },
    /** No new work; resolves when the work in hand is durable. */
    stop: async (): Promise<void> => {
      await Promise.all([...owned.keys()].map(release));
    },
  };
};

export type Ownership = ReturnType<typeof createOwnership>;
