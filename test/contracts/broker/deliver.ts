import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/ports/broker.ts';
import { freshName, message, type Open, recorder, useBroker } from './harness.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

const delivery = (open: Open): void => {
  const { broker, line } = useBroker(open);

  it('delivers in order, each once, whatever the prefetch', async () => {
    for (const prefetch of [1, 10]) {
      const { queue, send } = await line();
      for (const id of numbers(50)) await send(message(id));
      const { handler, until, ids } = recorder();
      await broker().consume(queue, { prefetch }, handler);
      for (const id of numbers(50)) await send(message(`later-${id}`));
      await until(100);
      expect(ids()).toEqual([...numbers(50), ...numbers(50).map((id) => `later-${id}`)]);
    }
  });

  it('hands on id, type, headers and body as they are', async () => {
    const { queue, send } = await line();
    const sent = message(
      'm-1',
      { text: 'ü€😀', list: [1, null, true], nested: { a: '1' } },
      { traceparent: '00-abc-def-01', 'x-other': 'ü' },
    );
    const { deliveries, handler, until } = recorder();
    await broker().consume(queue, { prefetch: 1 }, handler);
    await send(sent);
    await until(1);
    expect(deliveries[0]?.message).toEqual(sent);
    expect(deliveries[0]?.attempt).toBe(1);
  });

  it('delivers urgent messages first', async () => {
    const { queue, send } = await line();
    for (const id of ['a', 'b']) await send(message(id));
    for (const id of ['urgent-1', 'urgent-2']) await send(message(id), true);
    const { handler, until, ids } = recorder();
    await broker().consume(queue, { prefetch: 1 }, handler);
    await until(4);
    expect(ids()).toEqual(['urgent-1', 'urgent-2', 'a', 'b']);
  });

  it('has no more in hand than the prefetch allows', async () => {
    const { queue, send } = await line();
    for (const id of numbers(12)) await send(message(id));
    let inHand = 0;
    let most = 0;
    const { handler, until } = recorder(async (): Promise<Verdict> => {
      most = Math.max(most, ++inHand);
      await new Promise((resolve) => setImmediate(resolve));
      inHand--;
      return 'ack';
    });
    await broker().consume(queue, { prefetch: 3 }, handler);
    await until(12);
    expect(most).toBe(3);
  });

  it('counts what waits', async () => {
    const { queue, send } = await line();
    expect(await broker().depth(queue)).toBe(0);
    for (const id of numbers(3)) await send(message(id));
    expect(await broker().depth(queue)).toBe(3);
    const { handler, until } = recorder();
    await broker().consume(queue, { prefetch: 1 }, handler);
    await until(3);
    expect(await broker().depth(queue)).toBe(0);
  });
};

const routing = (open: Open): void => {
  const { broker, line } = useBroker(open);

  const topic = async (patterns: readonly string[]) => {
    const exchange = freshName('topic');
    const queues = patterns.map((key) => ({ name: freshName('queue'), key }));
    const bindings = queues.map(({ name, key }) => ({ exchange, queue: name, key }));
    const topology = { exchanges: [{ name: exchange, kind: 'topic' as const }], queues: queues.map(({ name }) => ({ name })), bindings };
    await broker().declare(topology);
    await broker().declare(topology);
    return { exchange, depths: () => Promise.all(queues.map(({ name }) => broker().depth(name))) };
  };

  it('routes by pattern: * is one word, # any number', async () => {
    const { exchange, depths } = await topic(['giving.*.07', 'giving.#', '#', '*.release.*', 'quiz.#.07']);
    await broker().publish(exchange, 'giving.release.07', message('1'));
    expect(await depths()).toEqual([1, 1, 1, 1, 0]);
    await broker().publish(exchange, 'giving', message('2'));
    expect(await depths()).toEqual([1, 2, 2, 1, 0]);
    await broker().publish(exchange, 'quiz.07', message('3'));
    expect(await depths()).toEqual([1, 2, 3, 1, 1]);
    await broker().publish(exchange, 'giving.release.extra.07', message('4'));
    expect(await depths()).toEqual([1, 3, 4, 1, 1]);
  });

  it('copies to every queue of a fanout, and once to a queue that is bound twice', async () => {
    const exchange = freshName('fanout');
    const [one, two] = [freshName('queue'), freshName('queue')];
    const bindings = [one, one, two].map((queue, index) => ({ exchange, queue, key: String(index) }));
    await broker().declare({
      exchanges: [{ name: exchange, kind: 'fanout' }],
      queues: [{ name: one }, { name: two, transient: true }],
      bindings,
    });
    await broker().publish(exchange, 'whatever', message('1'));
    expect([await broker().depth(one), await broker().depth(two)]).toEqual([1, 1]);
  });

  it('fails to publish what no queue takes', async () => {
    const { exchange, queue } = await line();
    await expect(broker().publish(exchange, 'other', message('1'))).rejects.toMatchObject({ code: 'broker-unavailable' });
    expect(await broker().depth(queue)).toBe(0);
  });

  it('refuses everything once it is closed', async () => {
    const { exchange, queue } = await line();
    await broker().close();
    await broker().close();
    const closed = { code: 'broker-unavailable' };
    await expect(broker().publish(exchange, 'k', message('1'))).rejects.toMatchObject(closed);
    await expect(broker().consume(queue, { prefetch: 1 }, async () => 'ack')).rejects.toMatchObject(closed);
    await expect(broker().depth(queue)).rejects.toMatchObject(closed);
  });
};

/** How messages get to their handlers. */
export const delivering = (open: Open): void => {
  describe('delivery', () => delivery(open));
  describe('routing', () => routing(open));
};
