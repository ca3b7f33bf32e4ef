import {
  accept,
  type Context,
  cron,
  type DomainEvent,
  defineDecider,
  defineEffect,
  defineJob,
  defineReactor,
  defineTask,
  type EffectCall,
  type EffectOutcome,
  type Instant,
  ignore,
  plus,
  type TaskResult,
  type Wish,
} from '../src/index.ts';

/** `note` is what an erasure must not leave anywhere. */
type Lamp = { lit: boolean; until: Instant | null; note: string };
type LampCommand = Wish<'LightLamp', { seconds: number; note: string }> | Wish<'PutOutLamp', Record<string, never>>;
type LampEvent = DomainEvent<'LampLit', { until: Instant; note: string }> | DomainEvent<'LampWentOut', { at: Instant }>;
type Meter = { since: Instant | null; seen: number };
type MeterCommand = Wish<'WatchMeter', Record<string, never>> | Wish<'ReadMeter', { value: number }>;
type MeterEvent = DomainEvent<'MeterWatched', { at: Instant }> | DomainEvent<'MeterRead', { value: number; slot: Instant }>;

/** What the simulator bends: lamps that are stuck, and what the world outside does. */
export type HouseBench = {
  stuck(id: string): boolean;
  /** Every how many minutes lamps are put out: a deployment changes it. */
  readonly everyMinutes: number;
  sweep(): Promise<TaskResult>;
  ring(call: EffectCall): Promise<EffectOutcome>;
};

/** Lamps with a job a minute, meters that are read once a slot, a task, and an effect at a provider that does not do a key once. */
export const houseContext = (bench: HouseBench): Context => {
  const lamp = defineDecider<Lamp, LampCommand, LampEvent>({
    category: 'house.lamp',
    initial: { lit: false, until: null, note: '' },
    events: ['LampLit', 'LampWentOut'],
    decide: (command, state) => {
      if (command.type === 'LightLamp')
        return accept('lit', [
          { type: 'LampLit', data: { until: plus(command.asOf, command.data.seconds * 1_000), note: command.data.note } },
        ]);
      return state.lit ? accept('time-up', [{ type: 'LampWentOut', data: { at: command.asOf } }]) : ignore('already-out');
    },
    evolve: (state, event) => (event.type === 'LampLit' ? { lit: true, ...event.data } : { ...state, lit: false, until: null }),
  });
  const meter = defineDecider<Meter, MeterCommand, MeterEvent>({
    category: 'house.meter',
    initial: { since: null, seen: 0 },
    events: ['MeterWatched', 'MeterRead'],
    decide: (command) =>
      command.type === 'WatchMeter'
        ? accept('watched', [{ type: 'MeterWatched', data: { at: command.asOf } }])
        : accept('read', [{ type: 'MeterRead', data: { value: command.data.value, slot: command.asOf } }]),
    evolve: (state, event) => (event.type === 'MeterWatched' ? { ...state, since: event.data.at } : { ...state, seen: state.seen + 1 }),
  });
  const putOut = defineJob({
    name: 'house/put-out-lamps',
    title: 'Put out lamps whose time is up',
    schedule: cron(`*/${bench.everyMinutes} * * * *`),
    healthyWithinMinutes: 5,
    attempts: 3,
    backoff: { kind: 'exponential', first: '2s' },
    actor: lamp,
    dueAt: (state) => (state.lit ? state.until : null),
    command: (id, asOf) => {
      if (bench.stuck(id)) throw new Error('the switch is stuck');
      return { type: 'PutOutLamp', data: {}, asOf };
    },
  });
  const read = defineJob({
    name: 'house/read-meters',
    title: 'Read the meters',
    schedule: cron('*/5 * * * *'),
    takesEffect: 'at-tick',
    catchUp: 'all',
    overlap: 'queue',
    healthyWithinMinutes: 15,
    actor: meter,
    dueAt: (state) => state.since,
    observe: async () => ({ value: 7 }),
    command: (_id, asOf, observed) => ({ type: 'ReadMeter', data: observed as { value: number }, asOf }),
  });
  const sweep = defineTask('house/sweep', cron('*/10 * * * *'), () => bench.sweep(), {
    attempts: 3,
    backoff: { kind: 'constant', first: '5s' },
  });
  const tell = defineReactor({
    name: 'house/tell',
    on: ['LampWentOut'],
    targets: ['engine.effect'],
    react: (event) => [{ effect: 'house/ring', key: `out ${event.stream} ${event.revision}`, data: { stream: event.stream } }],
  });
  const ring = defineEffect('house/ring', (call) => bench.ring(call), {
    attempts: 3,
    backoff: { kind: 'constant', first: '2s' },
    idempotent: false,
  });
  return { name: 'house', deciders: [lamp, meter], jobs: [putOut, read], tasks: [sweep], reactors: [tell], effects: [ring] };
};
