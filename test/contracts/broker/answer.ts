import { describe, expect, it } from 'vitest';
import { fromMs } from '../../../src/core/instant.ts';
import { exchanges } from '../../../src/ports/broker.ts';
import { freshName, message, type Open, recorder, useBroker } from './harness.ts';

const soon = (ms: number) => fromMs(Date.now() + ms);

const verdicts = (open: Open): void => {
  const { broker, line } = useBroker(open);

  it('delivers again at the instant of retryAt, with the next attempt, and goes on in between', async () => {
    const { queue, send } = await line();
    const instants: string[] = [];
    const { deliveries, handler, until } = recorder(({ message: item, attempt }) => {
      if (item.id === 'other' || attempt === 3) return 'ack';
      const at = soon(40);
      instants.push(at);
      return { retryAt: at };
    });
    await broker().consume(queue, { prefetch: 1 }, handler);
    await send(message('again', { n: 1 }, { h: '1' }));
    await send(message('other'));
    await until(4);
    expect(deliveries.map(({ message: item, attempt }) => `${item.id} ${attempt}`)).toEqual(['again 1', 'other 1', 'again 2', 'again 3']);
    expect(deliveries[2]?.message).toEqual(message('again', { n: 1 }, { h: '1' }));
    expect(fromMs(deliveries[2]?.at ?? 0) >= (instants[0] ?? '')).toBe(true);
    expect(fromMs(deliveries[3]?.at ?? 0) >= (instants[1] ?? '')).toBe(true);
  });

  it('delivers again, with the next attempt, what a handler threw at', async () => {
    const { queue, send } = await line();
    const { deliveries, handler, until } = recorder(({ attempt }) => {
      if (attempt === 1) throw new Error('not now');
      return 'ack';
    });
    await broker().consume(queue, { prefetch: 1 }, handler);
    await send(message('m'));
    await until(2);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('keeps the order of messages that come back at the same instant', async () => {
    const { queue, send } = await line();
    const at = soon(40);
    const first = recorder(() => ({ retryAt: at }));
    for (const id of ['a', 'b', 'c', 'd']) await send(message(id));
    const consumer = await broker().consume(queue, { prefetch: 4 }, first.handler);
    await first.until(4);
    await consumer.stop();
    await expect.poll(() => broker().depth(queue)).toBe(4);
    const second = recorder();
    await broker().consume(queue, { prefetch: 1 }, second.handler);
    await second.until(4);
    expect(second.deliveries.map(({ message: item, attempt }) => `${item.id} ${attempt}`)).toEqual(['a 2', 'b 2', 'c 2', 'd 2']);
  });
};

const parking = (open: Open): void => {
  const { broker, line } = useBroker(open);

  it('parks with a reason, headers and body kept, and goes on', async () => {
    const { queue, send } = await line();
    const parked = freshName('parked');
    await broker().declare({
      exchanges: [{ name: exchanges.parked, kind: 'fanout' }],
      queues: [{ name: parked }],
      bindings: [{ exchange: exchanges.parked, queue: parked, key: '' }],
    });
    const work = recorder(({ message: item }) => (item.id === 'bad' ? { park: 'cannot be read' } : 'ack'));
    const aside = recorder();
    await broker().consume(queue, { prefetch: 1 }, work.handler);
    await broker().consume(parked, { prefetch: 1 }, aside.handler);
    await send(message('bad', { n: 1 }, { traceparent: 't' }));
    await send(message('good'));
    await Promise.all([work.until(2), aside.until(1)]);
    expect(work.ids()).toEqual(['bad', 'good']);
    const found = aside.deliveries[0]?.message;
    expect(found).toMatchObject({
      id: 'bad',
      type: 'Tick',
      body: { n: 1 },
      headers: { traceparent: 't', reason: 'cannot be read', queue, attempts: '1' },
    });
  });

  it('goes on when nobody takes parked messages', async () => {
    const { queue, send } = await line();
    const { handler, until, ids } = recorder(({ message: item }) => (item.id === 'bad' ? { park: 'no' } : 'ack'));
    await broker().consume(queue, { prefetch: 1 }, handler);
    await send(message('bad'));
    await send(message('good'));
    await until(2);
    expect(ids()).toEqual(['bad', 'good']);
  });
};

const consumers = (open: Open): void => {
  const { broker, line } = useBroker(open);

  it('gives a queue to one consumer at a time; the next takes over when it stops', async () => {
    const { queue, send } = await line();
    const [first, second] = [recorder(), recorder()];
    const consumer = await broker().consume(queue, { prefetch: 5 }, first.handler);
    await broker().consume(queue, { prefetch: 5 }, second.handler);
    for (const id of ['a', 'b', 'c']) await send(message(id));
    await first.until(3);
    await consumer.stop();
    await consumer.stop();
    for (const id of ['d', 'e']) await send(message(id));
    await second.until(2);
    expect([first.ids(), second.ids()]).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
  });

  it('stops when what is in hand is answered, and takes nothing new', async () => {
    const { queue, send } = await line();
    const answer = Promise.withResolvers<'ack'>();
    const { handler, until, ids } = recorder(() => answer.promise);
    const consumer = await broker().consume(queue, { prefetch: 3 }, handler);
    for (const id of ['a', 'b']) await send(message(id));
    await until(2);
    let stopped = false;
    const stopping = consumer.stop().then(() => {
      stopped = true;
    });
    const other = recorder();
    await broker().consume(queue, { prefetch: 1 }, other.handler);
    await send(message('c'));
    await broker().depth(queue);
    expect(stopped).toBe(false);
    answer.resolve('ack');
    await stopping;
    await other.until(1);
    expect([ids(), other.ids()]).toEqual([['a', 'b'], ['c']]);
  });

  it('keeps what nobody consumes for whoever comes', async () => {
    const { queue, send } = await line();
    await send(message('a'));
    const { handler, until, ids } = recorder();
    await (await broker().consume(queue, { prefetch: 1 }, handler)).stop();
    const late = recorder();
    if (ids().length === 0) {
      await broker().consume(queue, { prefetch: 1 }, late.handler);
      await late.until(1);
    } else await until(1);
    expect([...ids(), ...late.ids()]).toEqual(['a']);
  });
};

/** What handlers answer, and who they are. */
export const answering = (open: Open): void => {
  describe('verdicts', () => verdicts(open));
  describe('parking', () => parking(open));
  describe('consumers', () => consumers(open));
};
