/** Every span, attribute and metric that Carillon makes; docs/metrics.md and docs/tracing.md list them, and a test compares. */
export const spans = { send: 'send', process: 'process', append: 'append', project: 'project' } as const;

export const attributes = {
  system: 'messaging.system.name',
  operation: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  routingKey: 'messaging.rabbitmq.destination.routing_key',
  messageId: 'messaging.message.id',
  stream: 'carillon.stream',
  events: 'carillon.events',
  outcome: 'carillon.outcome',
  batch: 'carillon.batch_items',
  projection: 'carillon.projection',
  position: 'carillon.position',
  command: 'carillon.command',
} as const;

/** Names as Prometheus shows them; base units, no ids among the labels. */
export const metrics = {
  runs: { name: 'carillon_runs_total', kind: 'counter', labels: ['job', 'trigger', 'outcome'], help: 'Slots that got a verdict' },
  runDuration: {
    name: 'carillon_run_duration_seconds',
    kind: 'histogram',
    labels: ['job'],
    help: 'From the opening of a slot to its verdict',
  },
  lastSuccess: { name: 'carillon_last_success_timestamp_seconds', kind: 'gauge', labels: ['job'], help: 'When a job last completed' },
  delay: { name: 'carillon_schedule_delay_seconds', kind: 'histogram', labels: ['job'], help: 'From a slot to its durable opening' },
  entities: { name: 'carillon_entities_total', kind: 'counter', labels: ['job'], help: 'Actors that slices went through' },
  changed: { name: 'carillon_entities_changed_total', kind: 'counter', labels: ['job'], help: 'Actors that runs changed' },
  failures: { name: 'carillon_item_failures_total', kind: 'counter', labels: ['job'], help: 'Tries of an item that failed' },
  parked: { name: 'carillon_items_parked_total', kind: 'counter', labels: ['job'], help: 'Items that were parked' },
  effects: { name: 'carillon_effects_total', kind: 'counter', labels: ['effect', 'outcome'], help: 'Calls to the outside' },
  appended: { name: 'carillon_events_appended_total', kind: 'counter', labels: ['category'], help: 'Events that became durable' },
  projected: { name: 'carillon_projected_events_total', kind: 'counter', labels: ['projection'], help: 'Events that a projection took in' },
  alerts: { name: 'carillon_alerts_total', kind: 'counter', labels: ['job', 'alert'], help: 'Alerts that were raised' },
  build: { name: 'carillon_build_info', kind: 'gauge', labels: ['version'], help: 'Always 1' },
} as const;
