import type { Broker } from '../../../src/ports/broker.ts';
import { freshName, message } from '../../contracts/broker/harness.ts';

export type Line = { readonly exchange: string; readonly queue: string };

export const declareLine = async (broker: Broker): Promise<Line> => {
  const line = { exchange: freshName('direct'), queue: freshName('queue') };
  await broker.declare({
    exchanges: [{ name: line.exchange, kind: 'direct' }],
    queues: [{ name: line.queue }],
    bindings: [{ ...line, key: 'k' }],
  });
  return line;
};

/** Most publishes under way at once. */
const underWay = 50;

/**
 * Publishes numbered messages without a break, many under way at once, and writes down what was confirmed, what failed
 * and what was delivered.
 */
export const startAudit = async (publishing: Broker, consuming: Broker, line: Line) => {
  const confirmed: number[] = [];
  const failed: string[] = [];
  const seen = new Map<number, number>();
  let changed = Promise.withResolvers<void>();
  let next = 0;
  let stopped = false;
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await changed.promise;
  };
  const consumer = await consuming.consume(line.queue, { prefetch: 20 }, async ({ body }) => {
    seen.set(body as number, (seen.get(body as number) ?? 0) + 1);
    await new Promise((resolve) => setImmediate(resolve));
    tell();
    return 'ack';
  });
  const publishOne = async (n: number): Promise<void> => {
    try {
      await publishing.publish(line.exchange, 'k', message(String(n), n));
      confirmed.push(n);
    } catch (error) {
      failed.push(String(error));
      stopped = true;
    }
    tell();
  };
  const sender = async (): Promise<void> => {
    while (!stopped) await publishOne(next++);
  };
  const senders = Array.from({ length: underWay }, sender);
  return {
    /** Resolves when so many more messages were confirmed and as many more were seen, so that traffic flows again. */
    async flows(more: number): Promise<void> {
      const [published, delivered] = [confirmed.length + more, seen.size + more];
      await until(() => stopped || (confirmed.length >= published && seen.size >= delivered));
    },
    /** Stops publishing and resolves when all that was confirmed has been delivered. */
    async finish() {
      stopped = true;
      await Promise.all(senders);
      await until(() => confirmed.every((n) => seen.has(n)));
      await consumer.stop();
      const order = [...seen.keys()];
      const deliveries = [...seen.values()].reduce((sum, count) => sum + count, 0);
      return {
        confirmed: confirmed.length,
        failed,
        twice: deliveries - seen.size,
        inOrder: order.every((n, index) => index === 0 || n > (order[index - 1] as number)),
      };
    },
  };
};
