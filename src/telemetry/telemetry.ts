import type { DestinationStream } from 'pino';
import { messageOf } from '../core/errors.ts';
import type { Projection } from '../core/projection.ts';
import type { Broker } from '../ports/broker.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';
import { countedEventStore, watchedBroker } from './counted.ts';
import { createLog, type Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createNoteLog } from './note-log.ts';
import { createNoteMetrics } from './note-metrics.ts';
import { readSettings } from './settings.ts';
import { createSlotTraces } from './slot-traces.ts';
import { tracedBroker } from './traced-broker.ts';
import { tracedEventStore } from './traced-event-store.ts';
import { tracedProjection } from './traced-projection.ts';
import { createTraces, type Losses } from './traces.ts';

/** What only the running engine knows; looked up when somebody reads the metrics. */
export type Sources = {
  projections?(): Promise<readonly { readonly name: string; readonly lag: number }[]>;
  parked?(): Promise<readonly { readonly job: string; readonly items: number }[]>;
};

/** Logs, metrics and traces of one process, as wrappers around ports. Without a collector no port is wrapped for tracing. */
export type Telemetry = {
  readonly observers: Observers;
  store(store: EventStore): EventStore;
  broker(broker: Broker): Broker;
  projection(projection: Projection): Projection;
  watch(sources: Sources): void;
  /** Prometheus text; null once it has shut down. */
  metrics(): Promise<string | null>;
  /** Sends what waits, for one second at most: a dead collector holds nobody up. */
  shutdown(): Promise<void>;
};

export type TelemetryOptions = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock: Clock;
  /** `all`, or the one role of this process. */
  readonly role: string;
  /** What carries messages, as traces name it: `rabbitmq`; `carillon` for the broker inside the process, also when absent. */
  readonly messaging?: 'carillon' | 'rabbitmq';
  /** Where log lines go; stderr when absent. */
  readonly destination?: DestinationStream;
};

const shutdownMs = 1_000;

const createLosses = (log: Log, metrics: Metrics, cut: AbortSignal): Losses => {
  let losing = false;
  return {
    dropped: (reason, spans, message) => {
      metrics.add('spansDropped', spans, { reason });
      // Once, not for each of thousands; the metric counts them.
      if (!losing && !cut.aborted) log('warn', 'telemetry', `spans are lost (${reason}): ${message}`);
      losing = true;
    },
    delivered: () => {
      if (losing) log('info', 'telemetry', 'the collector takes spans again');
      losing = false;
    },
  };
};

/** What `work` came to; null when it takes longer than `ms`. */
const within = async <T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | null> => {
  const done = new AbortController();
  const outcome = await Promise.race([work, clock.sleep(ms, done.signal).then(() => null)]);
  done.abort();
  return outcome;
};

/** Starts telemetry as the standard `OTEL_*` variables and LOG_LEVEL (warn when absent) say. Nothing in them stops a start. */
export const createTelemetry = ({ env, version, clock, role, messaging = 'carillon', destination }: TelemetryOptions): Telemetry => {
  const log = createLog({ level: env.LOG_LEVEL, clock, role, ...(destination === undefined ? {} : { destination }) });
  const settings = readSettings(env, version, role);
  for (const complaint of settings.complaints) log('warn', 'telemetry', complaint);
  const cut = new AbortController();
  const metrics = createMetrics(settings, version, cut.signal);
  const slots = createSlotTraces();
  const traces = settings.traces && createTraces(settings, settings.traces, version, createLosses(log, metrics, cut.signal), cut.signal);
  metrics.add('build', 1, { version, role });
  const count = createNoteMetrics(metrics, clock);
  const write = createNoteLog(log, clock, slots);
  const note: Observers['note'] = (each) => {
    try {
      count(each);
      write(each);
    } catch (error) {
      // Whoever watches must not disturb what is watched.
      log('error', 'telemetry', `a note of kind ${each.kind} could not be told: ${messageOf(error)}`);
    }
  };

  let ending: Promise<void> | null = null;
  const shutdown = async (): Promise<void> => {
    const said = await within(clock, shutdownMs, Promise.allSettled([traces?.shutdown(), metrics.shutdown()]));
    if (said === null) log('warn', 'telemetry', `the collector did not take what was left within ${shutdownMs} ms`);
    for (const each of said ?? []) if (each.status === 'rejected') log('warn', 'telemetry', messageOf(each.reason));
    cut.abort();
  };

  return {
    observers: { note },
    store: (store) => {
      const counted = countedEventStore(store, metrics);
      return traces === null ? counted : tracedEventStore(counted, traces.tracer, slots);
    },
    broker: (broker) => {
      const watched = watchedBroker(broker, metrics);
      return traces === null ? watched : tracedBroker(watched, { tracer: traces.tracer, slots, system: messaging });
    },
    projection: (projection) => (traces === null ? projection : tracedProjection(projection, traces.tracer, clock)),
    watch: ({ projections, parked }) => {
      if (projections !== undefined)
        metrics.observe('lag', async () => (await projections()).map(({ name, lag }) => ({ value: lag, labels: { projection: name } })));
      if (parked !== undefined)
        metrics.observe('parkedNow', async () => (await parked()).map(({ job, items }) => ({ value: items, labels: { job } })));
    },
    metrics: () => metrics.text(),
    shutdown: () => {
      ending ??= shutdown();
      return ending;
    },
  };
};
