import type { Channel, ChannelModel } from 'amqplib';
import { CarillonError } from '../../core/errors.ts';
import { exchanges, type Topology } from '../../ports/broker.ts';
import { codeOf, declareError, replyCode } from './errors.ts';
import { discard, openPlain } from './kept-channel.ts';

type Queue = Topology['queues'][number];

/**
 * The version of the arguments below. A queue of another version cannot be declared again: it has to be drained and
 * deleted, so a change here is a change for operators.
 */
const topologyVersion = 1;
/** A crash gives back all that a consumer had in hand, so the limit has to be far above what an innocent message meets. */
const deliveryLimit = 1_000;
/** Parked messages have nowhere to go after this; RabbitMQ 4 would drop them after 20 deliveries. */
const noDeliveryLimit = 1_000_000_000;
/** A reply queue outlives a broken connection, and its process by a minute. */
const transientExpiresMs = 60_000;

/** Every queue is durable: RabbitMQ 4.3 refuses others unless they are exclusive, and those die with their connection. */
const argumentsOf = (queue: Queue): Record<string, string | number | boolean> => ({
  'x-single-active-consumer': true,
  'x-carillon-topology': topologyVersion,
  ...(queue.transient
    ? { 'x-queue-type': 'classic', 'x-expires': transientExpiresMs }
    : {
        'x-queue-type': 'quorum',
        // Without the last three a message over the limit is dropped in silence.
        ...(queue.name === exchanges.parked
          ? { 'x-delivery-limit': noDeliveryLimit }
          : {
              'x-delivery-limit': deliveryLimit,
              'x-dead-letter-exchange': exchanges.parked,
              'x-dead-letter-strategy': 'at-least-once',
              'x-overflow': 'reject-publish',
            }),
      }),
});

/** What is declared, and is declared again on every new connection. */
export type TopologyBook = {
  declare(model: ChannelModel, topology: Topology): Promise<void>;
  /** Everything again. */
  restore(model: ChannelModel): Promise<void>;
  hasExchange(name: string): boolean;
};

/** Where what failed for good goes: one exchange, and one queue, so that it is never unroutable. */
export const parkedTopology: Topology = {
  exchanges: [{ name: exchanges.parked, kind: 'fanout' }],
  queues: [{ name: exchanges.parked }],
  bindings: [{ exchange: exchanges.parked, queue: exchanges.parked, key: '' }],
};

const step = async (what: string, name: string, work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    throw declareError(what, name, error);
  }
};

const check = (topology: Topology, known: ReadonlyMap<string, unknown>): void => {
  const unknown = topology.bindings.find(
    ({ queue }) => !known.has(`queue ${queue}`) && !topology.queues.some(({ name }) => name === queue),
  );
  if (unknown) throw new CarillonError('definition-invalid', `Queue ${unknown.queue} is bound but not declared`);
};

/** On a channel of its own, because the server closes the channel of a refused declaration. All steps are sent at once. */
const declareOn = async (channel: Channel, topology: Topology): Promise<void> => {
  const steps = [
    ...topology.exchanges.map(({ name, kind }) => step('exchange', name, channel.assertExchange(name, kind, { durable: true }))),
    ...topology.queues.map((queue) =>
      step('queue', queue.name, channel.assertQueue(queue.name, { durable: true, arguments: argumentsOf(queue) })),
    ),
    ...topology.bindings.map(({ exchange, queue, key }) =>
      step('binding', `queue ${queue} to exchange ${exchange}`, channel.bindQueue(queue, exchange, key)),
    ),
  ];
  await Promise.all(steps).finally(() => Promise.allSettled(steps));
};

export const createTopologyBook = (): TopologyBook => {
  const known = new Map<string, Topology>();

  const learn = (topology: Topology): void => {
    const none = { exchanges: [], queues: [], bindings: [] };
    for (const exchange of topology.exchanges) known.set(`exchange ${exchange.name}`, { ...none, exchanges: [exchange] });
    for (const queue of topology.queues) known.set(`queue ${queue.name}`, { ...none, queues: [queue] });
    for (const each of topology.bindings) known.set(`binding ${each.exchange} ${each.queue} ${each.key}`, { ...none, bindings: [each] });
  };
  const declare = async (model: ChannelModel, topology: Topology): Promise<void> => {
    const channel = await openPlain(model);
    channel.on('error', () => undefined);
    try {
      await declareOn(channel, topology);
    } finally {
      discard(channel);
    }
  };
  return {
    async declare(model, topology) {
      check(topology, known);
      await declare(model, topology);
      learn(topology);
    },
    restore(model) {
      const all = [...known.values()];
      return declare(model, {
        exchanges: all.flatMap((each) => each.exchanges),
        queues: all.flatMap((each) => each.queues),
        bindings: all.flatMap((each) => each.bindings),
      });
    },
    hasExchange: (name) => known.has(`exchange ${name}`),
  };
};

/** Messages ready in a queue, or null when there is no such queue. */
export const depthOf = async (model: ChannelModel, queue: string): Promise<number | null> => {
  const channel = await openPlain(model);
  channel.on('error', () => undefined);
  try {
    return (await channel.checkQueue(queue)).messageCount;
  } catch (error) {
    if (codeOf(error) === replyCode.notFound) return null;
    throw error;
  } finally {
    discard(channel);
  }
};
