import { afterEach, beforeEach } from 'vitest';
import { createSystemIds } from '../../../src/adapters/system/ids.ts';
import type { Broker, Handler, Message, Topology, Verdict } from '../../../src/ports/broker.ts';

export type OpenBroker = { readonly broker: Broker; readonly close: () => Promise<void> };
export type Open = () => Promise<OpenBroker>;

const ids = createSystemIds();

/** A name of its own for each call, so that suites may share one server. */
export const freshName = (what: string): string => `test.${what}.${ids.next()}`;

export const message = (id: string, body: unknown = null, headers: Message['headers'] = {}): Message => ({
  id,
  type: 'Tick',
  headers,
  body,
});

export type Bench = {
  broker(): Broker;
  /** Declares a direct exchange with one queue behind the key `k`. */
  line(): Promise<{ exchange: string; queue: string; send(message: Message, urgent?: boolean): Promise<void> }>;
};

/** A broker for each test. */
export const useBroker = (open: Open): Bench => {
  let opened: OpenBroker;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.close());
  const broker = (): Broker => opened.broker;
  return {
    broker,
    async line() {
      const exchange = freshName('direct');
      const queue = freshName('queue');
      await broker().declare(lineOf(exchange, queue));
      return { exchange, queue, send: (item, urgent = false) => broker().publish(exchange, 'k', item, { urgent }) };
    },
  };
};

const lineOf = (exchange: string, queue: string): Topology => ({
  exchanges: [{ name: exchange, kind: 'direct' }],
  queues: [{ name: queue }],
  bindings: [{ exchange, queue, key: 'k' }],
});

export type Delivery = { readonly message: Message; readonly attempt: number; readonly at: number };

/** Writes down what is delivered. `until` resolves when so many have come. */
export const recorder = (answer: (delivery: Delivery) => Verdict | Promise<Verdict> = () => 'ack') => {
  const deliveries: Delivery[] = [];
  let waiters: { count: number; resolve: () => void }[] = [];
  const handler: Handler = async (item, attempt) => {
    const delivery = { message: item, attempt, at: Date.now() };
    deliveries.push(delivery);
    for (const waiter of waiters) if (deliveries.length >= waiter.count) waiter.resolve();
    waiters = waiters.filter((waiter) => deliveries.length < waiter.count);
    return answer(delivery);
  };
  const until = (count: number): Promise<void> =>
    deliveries.length >= count ? Promise.resolve() : new Promise((resolve) => waiters.push({ count, resolve }));
  return { deliveries, handler, until, ids: () => deliveries.map((delivery) => delivery.message.id) };
};
