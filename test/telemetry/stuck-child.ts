import { createMemoryBroker } from '../../src/adapters/memory/broker.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { exchanges } from '../../src/ports/broker.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';

// A process with a collector that is not there: it makes spans for a while, shuts down, and ends by itself.
const clock = createSystemClock();
const telemetry = createTelemetry({ env: process.env, version: '1', clock, role: 'all' });
const broker = telemetry.broker(createMemoryBroker({ clock }));
await broker.declare({
  exchanges: [{ name: exchanges.ticks, kind: 'topic' }],
  queues: [{ name: 'carillon.house.00' }],
  bindings: [{ exchange: exchanges.ticks, queue: 'carillon.house.00', key: '#' }],
});
const lively = setInterval(() => void broker.publish(exchanges.ticks, 'a', { id: 's', type: 'command', headers: {}, body: null }), 1);
await new Promise((resolve) => setTimeout(resolve, 300));
clearInterval(lively);
const started = performance.now();
await telemetry.shutdown();
console.log(JSON.stringify({ shutdownMs: performance.now() - started }));
