import { resourceFromAttributes } from '@opentelemetry/resources';
import { messageOf } from '../core/errors.ts';
import type { Projection } from '../core/projection.ts';
import type { Broker } from '../ports/broker.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';
import { createLog, logNote } from './log.ts';
import { createMetrics } from './metrics.ts';
import { tracedBroker } from './traced-broker.ts';
import { tracedEventStore } from './traced-event-store.ts';
import { tracedProjection } from './traced-projection.ts';
import { createTraces, tracesWanted } from './traces.ts';

/** Logs, metrics and traces of one process, as wrappers around ports. Without a collector no port is wrapped. */
export type Telemetry = {
  readonly observers: Observers;
  store(store: EventStore): EventStore;
  broker(broker: Broker): Broker;
  projection(projection: Projection): Projection;
  /** Prometheus text. */
  metrics(): Promise<string | null>;
  /** Sends what waits, for one second at most: a dead collector holds nobody up. */
  shutdown(): Promise<void>;
};

const shutdownMs = 1_000;

/** Starts telemetry as the standard `OTEL_*` variables and LOG_LEVEL (warn when absent) say. */
export const createTelemetry = ({
  env,
  version,
  clock,
  role,
}: {
  env: NodeJS.ProcessEnv;
  version: string;
  clock: Clock;
  role: string;
}): Telemetry => {
  const log = createLog(env.LOG_LEVEL ?? 'warn');
  const resource = resourceFromAttributes({
    'service.name': env.OTEL_SERVICE_NAME ?? 'carillon',
    'service.version': version,
    'carillon.role': role,
  });
  const wanted = tracesWanted(env);
  const metrics = createMetrics({ resource, version, clock, otlp: wanted && env.OTEL_METRICS_EXPORTER !== 'none' });
  const traces = wanted ? createTraces(env, resource, version) : null;
  const bounded = async (work: Promise<unknown>): Promise<void> => {
    const done = new AbortController();
    await Promise.race([
      work.catch((error: unknown) => log.warn({ scope: 'telemetry' }, messageOf(error))),
      clock.sleep(shutdownMs, done.signal),
    ]);
    done.abort();
  };
  return {
    observers: {
      note: (note) => {
        metrics.note(note);
        logNote(log, note);
      },
    },
    store: (store) => {
      const counted: EventStore = {
        ...store,
        appendMany: async (items) => {
          const results = await store.appendMany(items);
          const counts = new Map<string, number>();
          items.forEach((item, index) => {
            if (!results[index]?.ok) return;
            const category = item.stream.slice(0, item.stream.indexOf('-'));
            counts.set(category, (counts.get(category) ?? 0) + item.events.length);
          });
          for (const [category, count] of counts) metrics.add('appended', count, { category });
          return results;
        },
      };
      return traces === null ? counted : tracedEventStore(counted, traces.tracer);
    },
    broker: (broker) => (traces === null ? broker : tracedBroker(broker, traces.tracer)),
    projection: (projection) => (traces === null ? projection : tracedProjection(projection, traces.tracer)),
    metrics: () => metrics.text(),
    shutdown: () => bounded(Promise.all([traces?.shutdown(), wanted ? metrics.shutdown() : undefined])),
  };
};
