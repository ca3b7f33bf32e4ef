import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRabbitBroker } from '../../../src/adapters/rabbitmq/broker.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { type Broker, exchanges } from '../../../src/ports/broker.ts';
import { freshName, message, recorder } from '../../contracts/broker/harness.ts';
import { type RabbitMq, rabbitmqInstalled, startRabbitMq } from '../../support/rabbitmq.ts';
import { declareLine } from './audit.ts';

const longMs = 60_000;
const clock = createSystemClock();

describe.skipIf(!rabbitmqInstalled())('RabbitMQ: what it refuses and what is put aside', () => {
  let server: RabbitMq;
  let broker: Broker;
  let raw: ChannelModel;
  let channel: Channel;
  const open = (url = server.url, more = {}) => openRabbitBroker({ url, clock, connectWithinMs: 2_000, ...more });
  beforeAll(async () => {
    server = await startRabbitMq();
  }, longMs);
  afterAll(() => server?.remove());
  beforeEach(async () => {
    broker = await open();
    raw = await connect(server.url);
    channel = await raw.createChannel();
    await channel.purgeQueue(exchanges.parked);
  });
  afterEach(async () => {
    await broker.close();
    await raw.close();
  });

  /** Messages as any client may send them: good ones between them go on, and each bad one is parked with its reason. */
  const parkedWith = async (count: number, send: (queue: string) => void) => {
    const { queue, exchange } = await declareLine(broker);
    const work = recorder();
    send(queue);
    await broker.publish(exchange, 'k', message('good'));
    await broker.consume(queue, { prefetch: 2 }, work.handler);
    await work.until(1);
    expect(work.ids()).toEqual(['good']);
    const found: ConsumeMessage[] = [];
    await expect.poll(() => broker.depth(exchanges.parked)).toBe(count);
    await channel.consume(exchanges.parked, (item) => item && found.push(item), { noAck: true });
    await expect.poll(() => found.length).toBe(count);
    return found.map(({ properties, content }) => {
      expect(properties.headers).toMatchObject({ queue, attempts: '1' });
      return { reason: String(properties.headers?.reason), content };
    });
  };

  describe('settings', () => {
    const refused = async (url: string, code: string, words: RegExp) => {
      const error = await open(url, { connectWithinMs: 300 }).then(
        () => null,
        (thrown: Error) => thrown,
      );
      expect(error).toMatchObject({ code });
      expect(error?.message).toMatch(words);
      expect(error?.message).toContain('CARILLON_RABBITMQ_URL');
      expect(error?.message).not.toContain('hunter2');
    };

    it('names the setting when the address is none', () => refused('localhost:hunter2', 'config-invalid', /amqp:\/\/user:password@host/));
    it('names the setting when it cannot be decoded', () => refused('amqp://%zz:hunter2@localhost/', 'config-invalid', /is not an AMQP/));
    it.each(['amqp://guest:guest@rabbit.example/', 'amqps://rabbit.example/shop'])('refuses default credentials elsewhere: %s', (url) =>
      refused(url, 'config-invalid', /default credentials on rabbit\.example/),
    );
    it('names the address when nobody listens there', () =>
      refused('amqp://guest:hunter2@127.0.0.1:1/', 'broker-unavailable', /amqp:\/\/127\.0\.0\.1:1\/ does not answer.*ECONNREFUSED/));
    it('names the user when the credentials are wrong', () =>
      refused(server.url.replace('guest:guest', 'guest:hunter2'), 'config-invalid', /refused user "guest"/));
    it('names the vhost when there is none of that name', () => refused(`${server.url}shop`, 'config-invalid', /vhost "shop"/));
  });

  describe('topology', () => {
    it('names a queue that was declared otherwise, and goes on', async () => {
      const queue = freshName('foreign');
      await channel.assertQueue(queue, { durable: true });
      const declared = broker.declare({ exchanges: [], queues: [{ name: queue }], bindings: [] });
      await expect(declared).rejects.toMatchObject({ code: 'config-invalid' });
      await expect(declared).rejects.toThrow(new RegExp(`queue "${queue}".*declared otherwise.*inequivalent arg.*delete it`));
      await declareLine(broker);
    });

    it('names an exchange of another kind', async () => {
      const { exchange } = await declareLine(broker);
      const declared = broker.declare({ exchanges: [{ name: exchange, kind: 'topic' }], queues: [], bindings: [] });
      await expect(declared).rejects.toMatchObject({ code: 'config-invalid' });
      await expect(declared).rejects.toThrow(exchange);
    });

    it('refuses a binding of what is not declared', async () => {
      const { exchange, queue } = await declareLine(broker);
      const invalid = { code: 'definition-invalid' };
      const bind = (binding: { exchange: string; queue: string; key: string }) =>
        broker.declare({ exchanges: [], queues: [], bindings: [binding] });
      await expect(bind({ exchange, queue: 'nowhere', key: '' })).rejects.toMatchObject(invalid);
      await expect(bind({ exchange: 'nowhere', queue, key: '' })).rejects.toMatchObject(invalid);
    });

    it('declares again what somebody deletes', async () => {
      const { exchange, queue } = await declareLine(broker);
      const { handler, until, ids } = recorder();
      await broker.consume(queue, { prefetch: 1 }, handler);
      await channel.deleteQueue(queue);
      const gets = (id: string) =>
        expect.poll(() => broker.publish(exchange, 'k', message(id)).catch(() => null), { timeout: 5_000 }).toBe(undefined);
      await gets('after the queue');
      await until(1);
      await channel.deleteExchange(exchange);
      await gets('after the exchange');
      await until(2);
      expect(ids()).toEqual(['after the queue', 'after the exchange']);
    });

    it('declares a reply queue that outlives its connection, and its process by a minute', async () => {
      const queue = freshName('replies');
      await broker.declare({ exchanges: [], queues: [{ name: queue, transient: true }], bindings: [] });
      expect(await server.ctl('list_queues', 'name', 'durable', 'arguments')).toMatch(new RegExp(`${queue}\ttrue\t.*"x-expires",60000`));
    });
  });

  describe('publishing', () => {
    it('fails for an exchange that does not exist, and goes on', async () => {
      const { exchange, queue } = await declareLine(broker);
      const nowhere = broker.publish('test.nowhere', 'k', message('lost'));
      const good = broker.publish(exchange, 'k', message('good'));
      await expect(nowhere).rejects.toMatchObject({ code: 'broker-unavailable', message: 'Exchange test.nowhere is not declared' });
      await good;
      expect(await broker.depth(queue)).toBeGreaterThan(0);
    });

    it('fails for one that no queue takes, and confirms those around it', async () => {
      const { exchange, queue } = await declareLine(broker);
      const keys = ['k', 'other', 'k', 'other', 'k'];
      const results = await Promise.allSettled(keys.map((key, n) => broker.publish(exchange, key, message(String(n)))));
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
      expect(await broker.depth(queue)).toBe(3);
    });

    it('refuses what is too large', async () => {
      const { exchange } = await declareLine(broker);
      await expect(broker.publish(exchange, 'k', message('big', 'x'.repeat(1_048_576)))).rejects.toMatchObject({
        code: 'payload-too-large',
      });
      await expect(broker.publish(exchange, 'k', message('x'.repeat(300)))).rejects.toMatchObject({ code: 'bad-request' });
    });

    it('waits while the broker takes no publishes, consumes on, and fails when its time is over', async () => {
      const hasty = await open(server.url, { publishWithinMs: 1_000 });
      const { exchange, queue } = await declareLine(broker);
      const { handler, until } = recorder();
      for (const id of ['a', 'b']) await broker.publish(exchange, 'k', message(id));
      await server.ctl('set_disk_free_limit', '100000GB');
      const waiting = broker.publish(exchange, 'k', message('waits'));
      await expect(hasty.publish(exchange, 'k', message('late'))).rejects.toMatchObject({ code: 'broker-unavailable' });
      await expect(hasty.publish(exchange, 'k', message('later'))).rejects.toThrow(/takes no publishes \(.*disk/);
      const consumer = await broker.consume(queue, { prefetch: 1 }, handler);
      await until(2);
      await consumer.stop();
      await expect.poll(() => broker.depth(queue)).toBe(0);
      await server.ctl('set_disk_free_limit', '1MB');
      await waiting;
      await broker.consume(queue, { prefetch: 1 }, handler);
      await until(3);
      await hasty.close();
    });
  });

  describe('poison', () => {
    const good = { messageId: 'm', type: 'Tick' };
    const cases: readonly (readonly [string, string | Buffer, object, RegExp])[] = [
      ['text', 'no json', good, /not JSON/],
      ['nothing', '', good, /not JSON/],
      ['half a message', '{"a":[1,', good, /not JSON/],
      ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), good, /UTF-8/],
      ['an attack on prototypes', '{"a":{"__proto__":{"x":1}}}', good, /__proto__/],
      ['ten thousand levels', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, good, /deeper than 32/],
      ['no id', '{}', { type: 'Tick' }, /no message id/],
      ['no type', '{}', { messageId: 'm' }, /no type/],
      ['headers of other kinds', 'no json', { ...good, headers: { a: 1, b: { c: [true] }, reason: 'mine' } }, /not JSON/],
    ];
    it.each(cases)('parks %s and goes on', async (_name, content, options, reason) => {
      const [parked] = await parkedWith(1, (queue) => channel.sendToQueue(queue, Buffer.from(content), options));
      expect(parked?.reason).toMatch(reason);
      expect(parked?.content).toEqual(Buffer.from(content));
    });

    it(
      'parks messages of 10 MiB as they are and goes on',
      async () => {
        const big = Buffer.alloc(10 * 1024 * 1024, 'x');
        const parked = await parkedWith(3, (queue) => {
          for (let n = 0; n < 3; n++) channel.sendToQueue(queue, big, good);
        });
        for (const { reason, content } of parked) {
          expect(reason).toMatch(/10485760 bytes/);
          expect(content.equals(big)).toBe(true);
        }
      },
      longMs,
    );

    it('shows what cannot be read to whoever reads what was parked', async () => {
      const { queue } = await declareLine(broker);
      await broker.consume(queue, { prefetch: 1 }, async () => 'ack');
      channel.sendToQueue(queue, Buffer.from('no json'), { headers: { h: '1', n: 1 } });
      const aside = recorder();
      await broker.consume(exchanges.parked, { prefetch: 1 }, aside.handler);
      await aside.until(1);
      expect(aside.deliveries[0]?.message).toEqual({
        id: 'unreadable',
        type: 'unreadable',
        headers: { h: '1', queue, attempts: '1', reason: 'has no message id' },
        body: { unreadable: Buffer.from('no json').toString('base64'), bytes: 7 },
      });
    });

    it(
      'puts aside, and does not drop, what the broker has delivered too often',
      async () => {
        const { exchange, queue } = await declareLine(broker);
        await broker.publish(exchange, 'k', message('crashes everything', { n: 1 }, { h: '1' }));
        const aside = recorder();
        await broker.consume(exchanges.parked, { prefetch: 1 }, aside.handler);
        await channel.consume(queue, (item) => item && channel.nack(item));
        await aside.until(1);
        expect(aside.deliveries[0]?.message).toMatchObject({
          id: 'crashes everything',
          body: { n: 1 },
          headers: { h: '1', queue, reason: expect.stringContaining('delivery_limit') },
        });
      },
      longMs,
    );
  });
});
