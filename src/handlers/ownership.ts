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

  const release = async (key: string): Promise<void> => {
    const entry = owned.get(key);
    if (entry === undefined) return;
    await entry.consumer.stop();
    await entry.partition.stop();
    owned.delete(key);
  };

  const take = async (key: string): Promise<void> => {
    const partition = deps.create();
    // Known before the first delivery: its handler may look for it.
    const held = { partition, consumer: { stop: async () => undefined } as Consumer };
    owned.set(key, held);
    const consumer = await deps.broker.consume(`carillon.${key}`, { prefetch }, deps.handlerOf(partition));
    owned.set(key, { partition, consumer });
  };

  return {
    get: (key: string): Partition | undefined => owned.get(key)?.partition,
    /** Brings a context's partitions to these. Throws when the broker does not answer; asked again, it goes on. */
    set: async (context: string, indices: ReadonlySet<number>): Promise<void> => {
      const wanted = new Set([...indices].map((index) => partitionKey(context, index)));
      const lost = [...owned.keys()].filter((key) => key.startsWith(`${context}.`) && !wanted.has(key));
      const gained = new Set([...wanted].filter((key) => !owned.has(key)));
      if (lost.length + gained.size === 0) return;
      await Promise.all(lost.map(release));
      deps.moving();
      await Promise.all([...gained].map(take));
      await deps.gained(gained);
    },
    /** No new work; resolves when the work in hand is durable. */
    stop: async (): Promise<void> => {
      await Promise.all([...owned.keys()].map(release));
    },
  };
};

export type Ownership = ReturnType<typeof createOwnership>;
