import { partitionKey } from '../core/partition.ts';
import { type Broker, exchanges, type Topology } from '../ports/broker.ts';

/** The exchanges that commands and ticks go to, and a queue for each partition of each context: whoever owns it, now or later, hears of it. */
export const topologyOf = (contexts: readonly string[], partitions: number): Topology => {
  const keys = contexts.flatMap((context) =>
    Array.from({ length: partitions }, (_, index) => ({ context, key: partitionKey(context, index) })),
  );
  return {
    exchanges: [
      { name: exchanges.commands, kind: 'direct' },
      { name: exchanges.ticks, kind: 'topic' },
    ],
    queues: keys.map(({ key }) => ({ name: `carillon.${key}` })),
    bindings: keys.flatMap(({ context, key }) => [
      { exchange: exchanges.commands, queue: `carillon.${key}`, key },
      { exchange: exchanges.ticks, queue: `carillon.${key}`, key: `${context}.*.${key.split('.')[1]}` },
    ]),
  };
};

/** Declared by every process, whatever its roles: a ticker or an api may be the first on a fresh broker. */
export const declareTopology = (broker: Broker, contexts: readonly string[], partitions: number): Promise<void> =>
  broker.declare(topologyOf(contexts, partitions));
