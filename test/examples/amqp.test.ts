import { DatabaseSync } from 'node:sqlite';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { openRabbitBroker } from '../../src/adapters/rabbitmq/broker.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { engineContext } from '../../src/contexts/engine/index.ts';
import { contextDefinitions } from '../../src/contexts/index.ts';
import type { Position, StreamName } from '../../src/core/event.ts';
import type { Json } from '../../src/core/json.ts';
import { buildRegistry } from '../../src/core/registry.ts';
import { alone } from '../../src/ports/cluster.ts';
import { follow } from '../../src/publish/follow.ts';
import { eventPublisher } from '../../src/publish/publisher.ts';
import { released } from '../publish/samples.ts';
import { type RabbitMq, rabbitmqInstalled, startRabbitMq } from '../support/rabbitmq.ts';
import { startConsumer, totalsFile } from './child.ts';

const clock = createSystemClock();
const registry = buildRegistry([engineContext(new Map()), ...contextDefinitions.map((context) => context.build({}))]);
const minute = 60_000;

/** The publisher on a private broker, with a log in memory. */
const startPublisher = async (url: string) => {
  const store = createMemoryEventStore({ clock });
  const readModels = openSqliteReadModels({ file: ':memory:' });
  const broker = await openRabbitBroker({ url, clock });
  const publisher = eventPublisher({ broker, registry });
  const stopping = new AbortController();
  const begun = Promise.withResolvers<void>();
  const follower = { ...publisher, begin: (at: Position) => publisher.begin(at).then(begun.resolve) };
  const done = follow({ store, readModels, clock, cluster: alone(1), observers: { note: () => undefined } }, follower, stopping.signal);
  onTestFinished(async () => {
    stopping.abort();
    await done;
    await publisher.stop();
    await broker.close();
  });
  await begun.promise;
  let made = 0;
  const append = async (stream: StreamName, data: Json, type = released.type): Promise<void> => {
    const { head } = await store.read(stream);
    const event = { id: `release-${++made}`, type, data, metadata: released.metadata };
    await store.append({ stream, events: [event], expected: typeof head === 'number' ? head : 'no-stream' });
  };
  const settled = async (): Promise<void> => {
    const head = (await store.head())!;
    await readModels.passed('publisher', head);
  };
  return { append, settled, publisher, store };
};

const to = (recipient: string, cents: string): Json => ({ donor: 'd', recipient, cents, early: false, reason: null });

describe.skipIf(!rabbitmqInstalled())('examples/consumers/amqp.ts', () => {
  let server: RabbitMq;
  beforeAll(async () => {
    server = await startRabbitMq();
  }, 90_000);
  afterAll(() => server?.remove());

  it(
    'takes each event once, whatever comes again, and puts aside what it cannot read',
    async () => {
      const { append, settled, publisher, store } = await startPublisher(server.url);
      // Nobody is bound yet: that is no error, and these are not for whoever comes later.
      await append('giving.escrow-early', to('early', '1'));
      await settled();
      const file = totalsFile();
      const env = { CARILLON_RABBITMQ_URL: server.url };
      const first = startConsumer('amqp', file, env);
      await first.said('listening');
      await append('giving.escrow-a', to('anna', '100'));
      await append('giving.wallet-w', { escrow: 'a', cents: '100' }, 'FundsPosted');
      await append('giving.escrow-b', { donor: 'd' });
      await append('giving.escrow-c', to('anna', '90071992547409930'));
      await first.said('anna has 90071992547410030');
      await first.stop();

      for await (const page of store.readAll({})) await publisher.take(page, new AbortController().signal);
      const second = startConsumer('amqp', file, env);
      // Of the whole log sent again only what came before the queue was there is new.
      await second.said('early has 1');
      await second.said('again release-5');
      expect(second.lines.filter((line) => line.startsWith('took'))).toEqual(['took release-1: early has 1']);
      const totals = new DatabaseSync(file, { readOnly: true }).prepare('SELECT * FROM totals ORDER BY 1').all();
      expect(totals).toEqual([
        { recipient: 'anna', cents: '90071992547410030' },
        { recipient: 'early', cents: '1' },
      ]);
      const connection = await connect(server.url);
      const channel = await connection.createChannel();
      await expect.poll(async () => (await channel.checkQueue('books.release-totals.dead')).messageCount, { timeout: 10_000 }).toBe(2);
      await connection.close();
    },
    minute,
  );

  it(
    'a restart of the broker loses nothing and keeps the order of each entity',
    async () => {
      const { append, settled } = await startPublisher(server.url);
      const connection = await connect(server.url);
      const channel = await connection.createChannel();
      await channel.assertQueue('audit.order', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      await channel.bindQueue('audit.order', 'carillon.events', 'giving.escrow.#');
      await connection.close();
      const streams = ['giving.escrow-o1', 'giving.escrow-o2', 'giving.escrow-o3'] as const;
      const add = async (count: number): Promise<void> => {
        for (let n = 0; n < count; n++) for (const stream of streams) await append(stream, to('x', '1'));
      };
      await add(20);
      await settled();
      await server.stop();
      await add(20);
      await server.start();
      await add(20);
      await settled();

      const reader = await connect(server.url);
      const queue = await reader.createChannel();
      const seen = new Map<string, number[]>();
      for (let message = await queue.get('audit.order', { noAck: true }); message !== false; ) {
        const { 'cloudEvents:subject': subject, 'cloudEvents:streamrevision': revision } = message.properties.headers as Record<
          string,
          string
        >;
        seen.set(subject!, [...(seen.get(subject!) ?? []), Number(revision)]);
        message = await queue.get('audit.order', { noAck: true });
      }
      await reader.close();
      for (const stream of streams) {
        const revisions = seen.get(stream.slice('giving.escrow-'.length)) ?? [];
        // What comes again comes from an earlier place on, in order: first sightings are never out of order.
        const first = revisions.filter((revision, index) => revisions.indexOf(revision) === index);
        expect(first).toEqual(Array.from({ length: 60 }, (_, index) => index));
      }
    },
    minute,
  );
});
