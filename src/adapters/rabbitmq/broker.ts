import type { ChannelModel } from 'amqplib';
import type { Broker, Consumer, Topology } from '../../ports/broker.ts';
import { exchanges } from '../../ports/broker.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Observers } from '../../ports/observers.ts';
import { addressOf } from './address.ts';
import { createAttempts } from './attempts.ts';
import { contentOf, headersOf, optionsOf } from './codec.ts';
import { unavailable } from './errors.ts';
import { within } from './gate.ts';
import { type LinkOptions, openLink } from './link.ts';
import { createPublisher } from './publisher.ts';
import { sayTo } from './say.ts';
import { type Subscription, subscribe } from './subscription.ts';
import { createTopologyBook, depthOf, parkedTopology } from './topology.ts';
import type { Delivery } from './window.ts';

export type RabbitBrokerOptions = {
  /** `amqp://user:password@host:5672/vhost`, or `amqps:`. */
  readonly url: string;
  readonly clock: Clock;
  readonly observers?: Observers;
  /** What RabbitMQ's own tools show for the connections. */
  readonly name?: string;
  /** Milliseconds; until the first connection, 10,000 when absent. */
  readonly connectWithinMs?: number;
  /** Milliseconds; for a publish with all its waiting, 10,000 when absent. */
  readonly publishWithinMs?: number;
  /** Milliseconds; for what is in hand at `close`, 10,000 when absent. */
  readonly closeWithinMs?: number;
};

const defaultMs = 10_000;
/** The first declaration of a hundred quorum queues takes a second on one idle node, and far more on a busy cluster. */
const declareWithinMs = 60_000;

/**
 * RabbitMQ 3.10 to 4.x. Urgent messages overtake the 1,000 that were fetched ahead; from 4.0 the server lets them overtake
 * the rest too. Publishing and consuming have a connection each: a broker short of memory or disk stops reading
 * from those that publish, and acknowledgements must still get through. Throws `config-invalid` for an address,
 * credentials or vhost that are wrong, `broker-unavailable` when nobody answers.
 */
export const openRabbitBroker = async (options: RabbitBrokerOptions): Promise<Broker> => {
  const { clock, name = 'carillon', connectWithinMs = defaultMs, publishWithinMs = defaultMs, closeWithinMs = defaultMs } = options;
  const address = addressOf(options.url);
  const say = sayTo(options.observers);
  const book = createTopologyBook();
  const attempts = createAttempts();
  const subscriptions = new Set<Subscription>();
  let closing: Promise<void> | null = null;

  const common: Omit<LinkOptions, 'name'> = { address, clock, say, connectWithinMs };
  const consuming = await openLink({ ...common, name: `${name} consume`, prepare: (model) => book.restore(model) });
  let block = (_reason: string | null): void => undefined;
  const publishing = await openLink({ ...common, name: `${name} publish`, blocked: (reason) => block(reason) }).catch(async (error) => {
    await consuming.close();
    throw error;
  });
  const soon = <T>(what: string, promise: Promise<T>, ms = defaultMs): Promise<T> =>
    within(clock, ms, promise, () => consuming.problem() ?? unavailable(`RabbitMQ did not answer to ${what} within ${ms} ms`));
  const on = async <T>(what: string, work: (model: ChannelModel) => Promise<T>, ms = defaultMs): Promise<T> => {
    if (closing) throw unavailable('The broker is closed');
    return soon(what, consuming.model().then(work), ms);
  };
  const declare = (topology: Topology): Promise<void> => on('declare', (model) => book.declare(model, topology), declareWithinMs);
  const restore = (): Promise<void> => on('declare', book.restore, declareWithinMs);

  const publisher = createPublisher({
    clock,
    publishWithinMs,
    // Nothing is sent before the queues are there again.
    model: async () => {
      await consuming.model();
      return publishing.model();
    },
    problem: () => publishing.problem() ?? consuming.problem(),
    restoreExchange: async (exchange) => {
      if (book.hasExchange(exchange)) await restore();
      return book.hasExchange(exchange);
    },
  });
  block = (reason) => {
    if (reason !== null) say('warn', `RabbitMQ takes no publishes: ${reason}`);
    publisher.block(reason);
  };

  /** As it came, whatever is in it. */
  const park = (queue: string, { amqp, attempt }: Delivery, reason: string): Promise<void> => {
    const headers = { ...headersOf(amqp), reason, queue, attempts: String(attempt) };
    const { messageId, type } = amqp.properties;
    const message = { id: String(messageId ?? ''), type: String(type ?? ''), headers };
    return publisher.publish(exchanges.parked, queue, amqp.content, optionsOf(message, false));
  };

  const close = async (): Promise<void> => {
    const late = (): Error => unavailable(`Messages were still in hand after ${closeWithinMs} ms; they will be delivered again`);
    const drained = Promise.all([...subscriptions].map((each) => each.stop())).then(() => publisher.close());
    await within(clock, closeWithinMs, drained, late).catch((error: Error) => say('warn', error.message));
    await Promise.all([consuming.close(), publishing.close()]);
  };

  await declare(parkedTopology).catch(async (error) => {
    await Promise.all([consuming.close(), publishing.close()]);
    throw error;
  });
  return {
    declare,
    async publish(exchange, key, message, { urgent = false } = {}) {
      return publisher.publish(exchange, key, contentOf(message), optionsOf(message, urgent));
    },
    async consume(queue, { prefetch }, handler): Promise<Consumer> {
      if (closing) throw unavailable('The broker is closed');
      const subscription = subscribe({
        queue,
        prefetch,
        handler,
        clock,
        attempts,
        say,
        model: consuming.model,
        restore,
        park: (delivery, reason) => park(queue, delivery, reason),
      });
      const stop = async (): Promise<void> => {
        await subscription.stop();
        subscriptions.delete(subscription);
      };
      subscriptions.add(subscription);
      await soon('consume', subscription.started).catch(async (error) => {
        await stop();
        throw error;
      });
      return { stop };
    },
    async depth(queue) {
      const depth = await on('depth', (model) => depthOf(model, queue));
      if (depth === null) throw unavailable(`Queue ${queue} is not declared`);
      return depth;
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
};
