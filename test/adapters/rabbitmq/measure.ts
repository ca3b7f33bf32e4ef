/** Figures of the RabbitMQ adapter beside bare amqplib, same messages, same server: `node test/adapters/rabbitmq/measure.ts`. */
import { connect } from 'amqplib';
import { openRabbitBroker } from '../../../src/adapters/rabbitmq/broker.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { message } from '../../contracts/broker/harness.ts';
import { startRabbitMq } from '../../support/rabbitmq.ts';
import { declareLine } from './audit.ts';

const count = 30_000;
const underWay = 500;
const trips = 3_000;
const body = { type: 'ReleaseEscrow', to: 'giving.escrow-33c0eb', data: { reason: 'x'.repeat(200) }, asOf: '2026-01-25T00:00:00.000Z' };
const headers = {
  replyTo: '01a20d89-4508-7000-92ba-7d5a4137789f',
  ref: '17',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};
const content = Buffer.from(JSON.stringify(body));

const server = await startRabbitMq();
const broker = await openRabbitBroker({ url: server.url, clock: createSystemClock() });
const { exchange, queue } = await declareLine(broker);

/** Messages a second when `send` resolves at the confirm and `counted` resolves when all have been handled. */
const rate = async (send: (n: number) => Promise<unknown>, counted: Promise<unknown>): Promise<number> => {
  const begin = performance.now();
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < count) await send(next++);
  };
  await Promise.all([counted, ...Array.from({ length: underWay }, sender)]);
  return Math.round((count / (performance.now() - begin)) * 1_000);
};

const viaPort = async (): Promise<number> => {
  const all = Promise.withResolvers<void>();
  let seen = 0;
  const consumer = await broker.consume(queue, { prefetch: 512 }, async () => {
    if (++seen === count) all.resolve();
    return 'ack';
  });
  const result = await rate((n) => broker.publish(exchange, 'k', { id: String(n), type: 'command', headers, body }), all.promise);
  await consumer.stop();
  return result;
};

const bare = async (): Promise<number> => {
  const [publishing, consuming] = [await connect(server.url, { noDelay: true }), await connect(server.url, { noDelay: true })];
  const out = await publishing.createConfirmChannel();
  const back = await consuming.createChannel();
  const all = Promise.withResolvers<void>();
  let seen = 0;
  await back.prefetch(1_000);
  await back.consume(queue, (item) => {
    if (item === null) return;
    back.ack(item);
    if (++seen === count) all.resolve();
  });
  const options = { messageId: 'm', type: 'command', headers, persistent: true, mandatory: true, contentType: 'application/json' };
  const send = () =>
    new Promise<void>((resolve, reject) => out.publish(exchange, 'k', content, options, (error) => (error ? reject(error) : resolve())));
  const result = await rate(send, all.promise);
  await publishing.close();
  await consuming.close();
  return result;
};

const roundTrips = async () => {
  const times: number[] = [];
  let arrived = Promise.withResolvers<void>();
  const consumer = await broker.consume(queue, { prefetch: 1 }, async () => {
    arrived.resolve();
    return 'ack';
  });
  for (let n = 0; n < trips; n++) {
    arrived = Promise.withResolvers();
    const begin = performance.now();
    await Promise.all([broker.publish(exchange, 'k', { id: String(n), type: 'command', headers, body }), arrived.promise]);
    times.push(performance.now() - begin);
  }
  await consumer.stop();
  times.sort((a, b) => a - b);
  const at = (share: number): number => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(2));
  return { p50: at(0.5), p99: at(0.99) };
};

await broker.publish(exchange, 'k', message('warm'));
for (let round = 1; round <= 3; round++) {
  const [raw, ours] = [await bare(), await viaPort()];
  console.log(`round ${round}: bare amqplib ${raw}/s, port ${ours}/s, ${Math.round((ours / raw) * 100)} %`);
}
console.log('publish and handled, ms:', await roundTrips());
await broker.close();
await server.remove();
