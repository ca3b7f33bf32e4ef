import { CarillonError, messageOf } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import { type Broker, exchanges, type Handler, type Message, type Verdict } from '../../ports/broker.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from './lane.ts';
import { createQueue, type Outcome, type Queue } from './queue.ts';
import { createRoutes } from './routes.ts';

export type MemoryBrokerOptions = {
  readonly clock: Clock;
  /** Told of a parked message that no queue takes. */
  readonly onPark?: (message: Message) => void;
  /** Most messages in a queue; beyond it publishing fails. */
  readonly maxDepth?: number;
};

const defaultMaxDepth = 1_000_000;
/** A handler that throws gets the message again after 100 ms, doubled up to 10 s, at most 50 times. */
const throwBackoff = { firstMs: 100, maxMs: 10_000, attempts: 50 } as const;

const backoffMs = (attempt: number): number => Math.min(throwBackoff.firstMs * 2 ** (attempt - 1), throwBackoff.maxMs);

/**
 * The broker inside one process: topic, direct and fanout exchanges, queues with one active consumer, urgent messages
 * first. Bodies are handed on by reference. Nothing survives the process, and nothing has to.
 */
export const createMemoryBroker = ({ clock, onPark, maxDepth = defaultMaxDepth }: MemoryBrokerOptions): Broker => {
  const routes = createRoutes();
  const queues = new Map<string, Queue>();
  const closing = new AbortController();

  const open = (): void => {
    if (closing.signal.aborted) throw new CarillonError('broker-unavailable', 'The broker is closed');
  };
  const queueNamed = (name: string): Queue => {
    open();
    const queue = queues.get(name);
    if (!queue) throw new CarillonError('broker-unavailable', `Queue ${name} is not declared`);
    return queue;
  };
  const route = (exchange: string, key: string, message: Message, urgent: boolean): void => {
    open();
    const names = routes.match(exchange, key);
    if (names.length === 0) throw new CarillonError('broker-unavailable', `No queue takes ${key} from ${exchange}`);
    const targets = names.map(queueNamed);
    if (targets.some((queue) => queue.waiting >= maxDepth))
      throw new CarillonError('broker-unavailable', `A queue for ${key} is full: ${maxDepth} messages`);
    for (const queue of targets) queue.add(message, urgent);
  };
  const park = (queue: string, { message, attempt }: Waiting, reason: string): void => {
    const parked = { ...message, headers: { ...message.headers, reason, queue, attempts: String(attempt) } };
    try {
      route(exchanges.parked, queue, parked, false);
    } catch {
      onPark?.(parked);
    }
  };
  const retry = (at: Instant): Outcome => ({ until: clock.sleepUntil(at, closing.signal) });
  const settleIn =
    (queue: string) =>
    async (item: Waiting, handler: Handler): Promise<Outcome> => {
      let verdict: Verdict;
      try {
        verdict = await handler(item.message, item.attempt);
      } catch (error) {
        if (item.attempt < throwBackoff.attempts) return { until: clock.sleep(backoffMs(item.attempt), closing.signal) };
        verdict = { park: `threw ${item.attempt} times: ${messageOf(error)}` };
      }
      if (verdict === 'ack' || closing.signal.aborted) return null;
      if ('retryAt' in verdict) return retry(verdict.retryAt);
      park(queue, item, verdict.park);
      return null;
    };

  return {
    async declare(topology) {
      open();
      const unknown = topology.bindings.find(
        (binding) => !queues.has(binding.queue) && !topology.queues.some((queue) => queue.name === binding.queue),
      );
      if (unknown) throw new CarillonError('definition-invalid', `Queue ${unknown.queue} is bound but not declared`);
      routes.declare(topology);
      for (const { name } of topology.queues) if (!queues.has(name)) queues.set(name, createQueue(settleIn(name)));
    },
    async publish(exchange, key, message, options) {
      route(exchange, key, message, options?.urgent === true);
    },
    consume: async (queue, options, handler) => queueNamed(queue).consume(options, handler),
    depth: async (queue) => queueNamed(queue).waiting,
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      for (const queue of queues.values()) queue.close();
    },
  };
};
