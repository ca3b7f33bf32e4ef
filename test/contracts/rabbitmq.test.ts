import { afterAll, beforeAll, describe } from 'vitest';
import { openRabbitBroker } from '../../src/adapters/rabbitmq/broker.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { type RabbitMq, rabbitmqInstalled, startRabbitMq } from '../support/rabbitmq.ts';
import { brokerContract } from './broker.ts';

describe.skipIf(!rabbitmqInstalled())('on a private RabbitMQ', () => {
  let server: RabbitMq;
  beforeAll(async () => {
    server = await startRabbitMq();
  }, 90_000);
  afterAll(() => server?.remove());

  brokerContract('rabbitmq', async () => {
    const broker = await openRabbitBroker({ url: server.url, clock: createSystemClock() });
    return { broker, close: () => broker.close() };
  });
});
