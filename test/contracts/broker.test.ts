import { createMemoryBroker } from '../../src/adapters/memory/broker.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { brokerContract } from './broker.ts';

brokerContract('memory', async () => {
  const broker = createMemoryBroker({ clock: createSystemClock() });
  return { broker, close: () => broker.close() };
});
