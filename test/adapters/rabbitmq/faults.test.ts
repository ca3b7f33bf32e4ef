import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRabbitBroker } from '../../../src/adapters/rabbitmq/broker.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { fromMs } from '../../../src/core/instant.ts';
import type { Broker } from '../../../src/ports/broker.ts';
import { message, recorder } from '../../contracts/broker/harness.ts';
import { type Fault, type NetworkProxy, startProxy } from '../../support/proxy.ts';
import { type RabbitMq, rabbitmqInstalled, startRabbitMq } from '../../support/rabbitmq.ts';
import { declareLine, startAudit } from './audit.ts';

const longMs = 90_000;

describe.skipIf(!rabbitmqInstalled())('RabbitMQ under faults', () => {
  let server: RabbitMq;
  let proxy: NetworkProxy;
  let broker: Broker;
  const open = (port = proxy.port) =>
    openRabbitBroker({ url: server.url.replace(`:${server.port}`, `:${port}`), clock: createSystemClock(), publishWithinMs: 60_000 });
  beforeAll(async () => {
    server = await startRabbitMq();
  }, longMs);
  afterAll(() => server?.remove());
  beforeEach(async () => {
    proxy = await startProxy(server.port);
    broker = await open();
  });
  afterEach(async () => {
    await broker.close();
    await proxy.close();
  });

  it.each(['stop', 'kill'] as const)(
    'loses nothing when the broker is restarted (%s) under load',
    async (how) => {
      const audit = await startAudit(broker, broker, await declareLine(broker));
      await audit.flows(500);
      await server.sync();
      for (let round = 0; round < 2; round++) {
        await server[how]();
        await server.start();
        await audit.flows(500);
      }
      const result = await audit.finish();
      expect(result).toMatchObject({ failed: [], inOrder: true });
    },
    longMs,
  );

  const faults: readonly (readonly [string, Fault, number])[] = [
    ['cut connections', { kind: 'cut' }, 15],
    ['connections cut in the middle of a frame', { kind: 'cut-after', bytes: 137 }, 15],
    ['a slow network', { kind: 'delay', ms: 30 }, 1],
    ['a network that passes single bytes', { kind: 'slice', bytes: 1 }, 1],
    ['connections that are dead without saying so', { kind: 'half-open' }, 1],
  ];
  it.each(faults)(
    'loses nothing with %s',
    async (_name, fault, rounds) => {
      const audit = await startAudit(broker, broker, await declareLine(broker));
      await audit.flows(200);
      for (let round = 0; round < rounds; round++) {
        proxy.fault(fault);
        await audit.flows(200);
      }
      proxy.heal();
      const result = await audit.finish();
      expect(result).toMatchObject({ failed: [], inOrder: true });
    },
    longMs,
  );

  it(
    'comes back 100 times',
    async () => {
      const { exchange, queue } = await declareLine(broker);
      let seen = Promise.withResolvers<void>();
      let waitingFor = '';
      await broker.consume(queue, { prefetch: 1 }, async ({ id }) => {
        if (id === waitingFor) seen.resolve();
        return 'ack';
      });
      for (let round = 1; round <= 100; round++) {
        proxy.fault(round % 2 === 0 ? { kind: 'cut' } : { kind: 'cut-after', bytes: round });
        seen = Promise.withResolvers();
        waitingFor = String(round);
        await broker.publish(exchange, 'k', message(waitingFor));
        await seen.promise;
      }
      await expect.poll(() => broker.depth(queue)).toBe(0);
    },
    longMs,
  );

  it('hands a queue to the next process when one is cut off', async () => {
    const other = await open(server.port);
    const { exchange, queue } = await declareLine(other);
    const [first, second] = [recorder(), recorder()];
    await broker.consume(queue, { prefetch: 1 }, first.handler);
    await other.consume(queue, { prefetch: 1 }, second.handler);
    await other.publish(exchange, 'k', message('a'));
    await first.until(1);
    proxy.refuse(true);
    proxy.fault({ kind: 'cut' });
    await other.publish(exchange, 'k', message('b'));
    // The acknowledgement of the first one may have been cut off too.
    await expect.poll(() => second.ids().at(-1)).toBe('b');
    expect(first.ids()).toEqual(['a']);
    proxy.refuse(false);
    await other.close();
  });

  it('hands a queue to the next process within 10 s when one is dead without saying so', async () => {
    const other = await open(server.port);
    const { exchange, queue } = await declareLine(other);
    const [first, second] = [recorder(), recorder()];
    await broker.consume(queue, { prefetch: 1 }, first.handler);
    await other.consume(queue, { prefetch: 1 }, second.handler);
    await other.publish(exchange, 'k', message('a'));
    await first.until(1);
    proxy.fault({ kind: 'half-open' });
    const begin = performance.now();
    await other.publish(exchange, 'k', message('b'));
    await second.until(1);
    expect(performance.now() - begin).toBeLessThan(10_000);
    await other.close();
  });

  it('goes on with one delivery when a message comes again while its handler works', async () => {
    const { exchange, queue } = await declareLine(broker);
    const answer = Promise.withResolvers<'ack'>();
    const { handler, until, ids } = recorder(({ message: item }) => (item.id === 'slow' ? answer.promise : 'ack'));
    await broker.consume(queue, { prefetch: 2 }, handler);
    await broker.publish(exchange, 'k', message('slow'));
    await until(1);
    proxy.fault({ kind: 'cut' });
    await broker.publish(exchange, 'k', message('after'));
    await until(2);
    answer.resolve('ack');
    await expect.poll(() => broker.depth(queue)).toBe(0);
    await broker.publish(exchange, 'k', message('last'));
    await until(3);
    expect(ids()).toEqual(['slow', 'after', 'last']);
  });

  it('keeps the attempts and the instants of messages that went back with the connection', async () => {
    const { exchange, queue } = await declareLine(broker);
    const at = fromMs(Date.now() + 1_500);
    const { deliveries, handler, until } = recorder(({ attempt }) => (attempt === 1 ? { retryAt: at } : 'ack'));
    await broker.consume(queue, { prefetch: 1 }, handler);
    await broker.publish(exchange, 'k', message('later'));
    await until(1);
    proxy.fault({ kind: 'cut' });
    await until(2);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(fromMs(deliveries[1]?.at ?? 0) >= at).toBe(true);
  });

  it('closes in time while the other side is dead', async () => {
    proxy.fault({ kind: 'half-open' });
    const before = performance.now();
    await broker.close();
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});
