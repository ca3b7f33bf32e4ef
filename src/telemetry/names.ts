/** What a span's name begins with; the exchange, queue, category or projection follows. */
export const spans = { send: 'send', process: 'process', append: 'append', project: 'project' } as const;

/** Every attribute of our spans. `messaging.*` and `error.type` are OpenTelemetry's words; docs/tracing.md lists all, and a test compares. */
export const attributes = {
  system: 'messaging.system.name',
  /** What `system` was called before; backends still look for it. */
  systemBefore: 'messaging.system',
  operation: 'messaging.operation.type',
  operationName: 'messaging.operation.name',
  destination: 'messaging.destination.name',
  routingKey: 'messaging.rabbitmq.destination.routing_key',
  messageId: 'messaging.message.id',
  errorType: 'error.type',
  command: 'carillon.command',
  attempt: 'carillon.attempt',
  verdict: 'carillon.verdict',
  category: 'carillon.category',
  stream: 'carillon.stream',
  events: 'carillon.events',
  eventCount: 'carillon.event_count',
  correlation: 'carillon.correlation',
  outcome: 'carillon.outcome',
  batch: 'carillon.batch_items',
  conflicts: 'carillon.conflicts',
  traces: 'carillon.traces',
  projection: 'carillon.projection',
  position: 'carillon.position',
} as const;

/** `observed` gauges are looked up when somebody reads the metrics. */
type Metric = {
  readonly name: `carillon_${string}`;
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'observed';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
};

const fine = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60] as const;
const long = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 1_800, 3_600, 21_600, 86_400] as const;

/** Names as Prometheus shows them; base units, no ids among the labels. */
export const metrics = {
  runs: { name: 'carillon_runs_total', kind: 'counter', labels: ['job', 'trigger', 'outcome'], help: 'Slots that got a verdict' },
  runDuration: {
    name: 'carillon_run_duration_seconds',
    kind: 'histogram',
    labels: ['job'],
    help: 'From the opening of a slot to its verdict',
    buckets: long,
  },
  lastSuccess: {
    name: 'carillon_last_success_timestamp_seconds',
    kind: 'gauge',
    labels: ['job'],
    help: 'When a job last completed in this process',
  },
  delay: {
    name: 'carillon_schedule_delay_seconds',
    kind: 'histogram',
    labels: ['job'],
    help: 'From a slot to its durable opening',
    buckets: long,
  },
  entities: { name: 'carillon_entities_total', kind: 'counter', labels: ['job'], help: 'Actors that slices went through' },
  changed: { name: 'carillon_entities_changed_total', kind: 'counter', labels: ['job'], help: 'Actors that runs changed' },
  sliceDuration: {
    name: 'carillon_slice_duration_seconds',
    kind: 'histogram',
    labels: ['job'],
    help: 'One slice of a run: at most 1,000 actors of one partition',
    buckets: fine,
  },
  failures: { name: 'carillon_item_failures_total', kind: 'counter', labels: ['job'], help: 'Tries of an item that failed' },
  parked: { name: 'carillon_items_parked_total', kind: 'counter', labels: ['job'], help: 'Items that were parked' },
  parkedNow: { name: 'carillon_parked_items', kind: 'observed', labels: ['job'], help: 'What is parked now and waits for a person' },
  effects: { name: 'carillon_effects_total', kind: 'counter', labels: ['effect', 'outcome'], help: 'Calls to the outside' },
  appended: { name: 'carillon_events_appended_total', kind: 'counter', labels: ['category'], help: 'Events that became durable' },
  projected: { name: 'carillon_projected_events_total', kind: 'counter', labels: ['projection'], help: 'Events that a projection took in' },
  projectDuration: {
    name: 'carillon_projection_duration_seconds',
    kind: 'histogram',
    labels: ['projection'],
    help: 'One page taken in by a projection, commit included',
    buckets: fine,
  },
  lag: {
    name: 'carillon_projection_lag_events',
    kind: 'observed',
    labels: ['projection'],
    help: 'Log positions between a projection and the head',
  },
  queue: { name: 'carillon_queue_messages', kind: 'observed', labels: ['context'], help: 'Messages that wait in the queues of a context' },
  alerts: { name: 'carillon_alerts_total', kind: 'counter', labels: ['job', 'alert'], help: 'Alerts that were raised' },
  alertsOpen: { name: 'carillon_alerts_open', kind: 'gauge', labels: ['job'], help: '1 while a job has an open alert, else 0' },
  spansDropped: {
    name: 'carillon_spans_dropped_total',
    kind: 'counter',
    labels: ['reason'],
    help: 'Spans that no collector got: the queue was full, or the export failed',
  },
  build: { name: 'carillon_build_info', kind: 'gauge', labels: ['version', 'role'], help: 'Always 1' },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;
