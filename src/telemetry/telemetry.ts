import pino from 'pino';
import type { Projection } from '../core/projection.ts';
import type { Broker } from '../ports/broker.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';

/** Logs, metrics and traces of one process, as wrappers around ports. */
export type Telemetry = {
  readonly observers: Observers;
  store<T extends EventStore>(store: T): EventStore;
  broker(broker: Broker): Broker;
  projection(projection: Projection): Projection;
  metrics(): Promise<string | null>;
  shutdown(): Promise<void>;
};

export const createTelemetry = ({ env }: { env: NodeJS.ProcessEnv; version: string; clock: Clock; role: string }): Telemetry => {
  const log = pino({ level: env.LOG_LEVEL ?? 'warn' }, pino.destination(2));
  return {
    observers: { note: (note) => (note.kind === 'log' ? log[note.level]({ scope: note.scope, ...note.facts }, note.message) : log.debug(note)) },
    store: (store) => store,
    broker: (broker) => broker,
    projection: (projection) => projection,
    metrics: async () => null,
    shutdown: async () => undefined,
  };
};
