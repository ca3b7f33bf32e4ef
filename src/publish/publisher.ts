import type { RecordedEvent } from '../core/event.ts';
import type { Registry } from '../core/registry.ts';
import { type Broker, exchanges, type Message } from '../ports/broker.ts';
import { type CloudEvent, isPublic, publicCategories, routingKey, toCloudEvent } from './cloud-event.ts';
import type { Follower } from './follow.ts';

/** Takes everything, so that an event that nobody is bound for is no error; the publisher itself empties it. */
const unclaimed = `${exchanges.events}.unclaimed`;
const unclaimedPrefetch = 1_000;
/** The broker confirms in batches of its own, so a longer page costs little more than a short one. */
const pageSize = 2_000;

/** CloudEvents in binary form: attributes are headers, the body is the data alone. */
export const toMessage = (event: RecordedEvent): Message => {
  const { data, datacontenttype: _, ...attributes } = toCloudEvent(event) as CloudEvent;
  const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`cloudEvents:${name}`, String(value)]));
  const trace = attributes.traceparent === undefined ? {} : { traceparent: attributes.traceparent };
  return { id: event.id, type: attributes.type, headers: { ...headers, ...trace }, body: data ?? null };
};

/** Sends the events of one stream one after the other, each when the one before is confirmed; streams go side by side. */
const publishPage = async (broker: Broker, events: readonly RecordedEvent[]): Promise<void> => {
  const ends = new Map<string, Promise<void>>();
  for (const event of events) {
    const send = (): Promise<void> => broker.publish(exchanges.events, routingKey(event), toMessage(event));
    const before = ends.get(event.stream);
    ends.set(event.stream, before === undefined ? send() : before.then(send));
  }
  const results = await Promise.allSettled(ends.values());
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};

/**
 * Publishes every public event to the exchange `carillon.events`, at least once: its checkpoint passes a page when the broker holds
 * all of it. Throws what the broker throws; then the page is sent again.
 */
export const eventPublisher = (deps: { readonly broker: Broker; readonly registry: Registry }): Follower & { stop(): Promise<void> } => {
  const { broker, registry } = deps;
  const range = { categories: publicCategories(registry) };
  let consumer: Promise<{ stop(): Promise<void> }> | null = null;
  const open = async () => {
    await broker.declare({
      exchanges: [{ name: exchanges.events, kind: 'topic' }],
      queues: [{ name: unclaimed, transient: true }],
      bindings: [{ exchange: exchanges.events, queue: unclaimed, key: '#' }],
    });
    return broker.consume(unclaimed, { prefetch: unclaimedPrefetch }, async () => 'ack');
  };
  return {
    name: 'publisher',
    pageSize,
    begin: async () => {
      const previous = consumer;
      consumer = null;
      await (await previous?.catch(() => null))?.stop();
      consumer = open();
      await consumer;
    },
    range: () => range,
    take: async ({ events, upTo }) => {
      await publishPage(broker, events.filter(isPublic));
      return upTo;
    },
    stop: async () => (await consumer?.catch(() => null))?.stop(),
  };
};
