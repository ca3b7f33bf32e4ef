import { describe, expect, it } from 'vitest';
import { createMemoryBroker } from '../../src/adapters/memory/broker.ts';
import { fromMs } from '../../src/core/instant.ts';
import type { Broker, Message } from '../../src/ports/broker.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { message, recorder } from '../contracts/broker/harness.ts';

/** A clock on which every sleep is over at once. */
const impatient: Clock = { now: () => fromMs(0), monotonic: () => 0, sleep: async () => {}, sleepUntil: async () => {} };

const withLine = async (broker: Broker): Promise<Broker> => {
  await broker.declare({
    exchanges: [{ name: 'e', kind: 'direct' }],
    queues: [{ name: 'q' }],
    bindings: [{ exchange: 'e', queue: 'q', key: 'k' }],
  });
  return broker;
};

describe('the memory broker', () => {
  it('hands on the body itself', async () => {
    const broker = await withLine(createMemoryBroker({ clock: impatient }));
    const body = { big: [1, 2, 3] };
    const { deliveries, handler, until } = recorder();
    await broker.consume('q', { prefetch: 1 }, handler);
    await broker.publish('e', 'k', message('m', body));
    await until(1);
    expect(deliveries[0]?.message.body).toBe(body);
    await broker.close();
  });

  it('never calls a handler inside publish', async () => {
    const broker = await withLine(createMemoryBroker({ clock: impatient }));
    const { deliveries, handler, until } = recorder();
    await broker.consume('q', { prefetch: 1 }, handler);
    const published = broker.publish('e', 'k', message('m'));
    expect(deliveries).toEqual([]);
    await published;
    await until(1);
    await broker.close();
  });

  it('parks what a handler throws at for ever, and tells of it when no queue takes it', async () => {
    const parked = Promise.withResolvers<Message>();
    const broker = await withLine(createMemoryBroker({ clock: impatient, onPark: parked.resolve }));
    const { deliveries, handler } = recorder(() => {
      throw new Error('broken  \n here');
    });
    await broker.consume('q', { prefetch: 1 }, handler);
    await broker.publish('e', 'k', message('m', 1, { h: '1' }));
    const found = await parked.promise;
    expect(found.headers).toEqual({ h: '1', reason: 'threw 50 times: broken here', queue: 'q', attempts: '50' });
    expect(deliveries).toHaveLength(50);
    await broker.close();
  });

  it('refuses to take more than a queue may hold', async () => {
    const broker = await withLine(createMemoryBroker({ clock: impatient, maxDepth: 2 }));
    await broker.publish('e', 'k', message('1'));
    await broker.publish('e', 'k', message('2'));
    await expect(broker.publish('e', 'k', message('3'))).rejects.toMatchObject({ code: 'broker-unavailable' });
    await broker.close();
  });

  it('refuses to declare what contradicts itself', async () => {
    const broker = await withLine(createMemoryBroker({ clock: impatient }));
    const invalid = { code: 'definition-invalid' };
    await expect(broker.declare({ exchanges: [{ name: 'e', kind: 'topic' }], queues: [], bindings: [] })).rejects.toMatchObject(invalid);
    await expect(
      broker.declare({ exchanges: [], queues: [], bindings: [{ exchange: 'e', queue: 'unknown', key: '' }] }),
    ).rejects.toMatchObject(invalid);
    await expect(
      broker.declare({ exchanges: [], queues: [], bindings: [{ exchange: 'unknown', queue: 'q', key: '' }] }),
    ).rejects.toMatchObject(invalid);
  });

  it('lets timers run while a full queue is worked off', async () => {
    const broker = await withLine(createMemoryBroker({ clock: impatient }));
    for (let n = 0; n < 20_000; n++) await broker.publish('e', 'k', message(String(n)));
    let turns = 0;
    const count = (): void => {
      turns++;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const { handler, until } = recorder();
    await broker.consume('q', { prefetch: 1 }, handler);
    await until(20_000);
    clearImmediate(next);
    expect(turns).toBeGreaterThan(20);
    await broker.close();
  });

  it('forgets what waits and what sleeps when it is closed', async () => {
    const sleeping = Promise.withResolvers<void>();
    const clock: Clock = {
      ...impatient,
      sleepUntil: (_at, signal) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve(sleeping.resolve()))),
    };
    const broker = await withLine(createMemoryBroker({ clock }));
    const { deliveries, handler, until } = recorder(() => ({ retryAt: fromMs(1) }));
    const consumer = await broker.consume('q', { prefetch: 1 }, handler);
    await broker.publish('e', 'k', message('m'));
    await until(1);
    await new Promise((resolve) => setImmediate(resolve));
    await broker.close();
    await sleeping.promise;
    await consumer.stop();
    expect(deliveries).toHaveLength(1);
  });
});
