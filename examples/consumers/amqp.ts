/**
 * RabbitMQ: for services that are on it already; new events only. Run it with
 *   CARILLON_RABBITMQ_URL=amqp://user:password@host:5672/ node examples/consumers/amqp.ts totals.db
 */
import { connect } from 'amqplib';
import { openTotals } from './totals.ts';

const totals = openTotals(process.argv[2] ?? 'totals.db');

// The queue is the consumer's own, named <consumer>.<purpose>. What fails for good goes to its own dead-letter queue.
const queue = 'books.release-totals';
const dead = `${queue}.dead`;
const prefetch = 50;

const connection = await connect(process.env.CARILLON_RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672/');
const channel = await connection.createChannel();
// A library that reconnects by itself is the alternative; here whoever starts the process starts it again.
connection.on('close', () => process.exit(1));

await channel.assertExchange('carillon.events', 'topic', { durable: true });
await channel.assertQueue(dead, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
await channel.assertQueue(queue, {
  durable: true,
  arguments: {
    'x-queue-type': 'quorum',
    'x-delivery-limit': 20,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': dead,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
    // One process at a time, so that the order of each entity is kept; another one takes over when it goes.
    'x-single-active-consumer': true,
  },
});
await channel.bindQueue(queue, 'carillon.events', 'giving.escrow.EscrowReleased.v1');
await channel.prefetch(prefetch);

await channel.consume(queue, (message) => {
  if (message === null) return process.exit(1);
  try {
    // Attributes are headers (cloudEvents:subject, cloudEvents:streamrevision, ...), the body is the data.
    const data = JSON.parse(message.content.toString()) as { recipient: string; cents: string };
    totals.take({ id: String(message.properties.messageId), ...data });
    // After the commit: a crash in between brings it again, and its id is known by then.
    channel.ack(message);
  } catch (error) {
    console.error(error);
    channel.nack(message, false, false);
  }
});
console.log('listening');
