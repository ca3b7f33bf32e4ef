import {
  accept,
  cron,
  type DomainEvent,
  defineContext,
  defineDecider,
  defineEffect,
  defineJob,
  defineReactor,
  defineTask,
  type Instant,
  ignore,
  plus,
  type TaskResult,
  type Wish,
} from '../../src/index.ts';

type Lamp = { lit: boolean; until: Instant | null; broken: boolean };
type LampCommand = Wish<'LightLamp', { seconds: number; broken?: boolean }> | Wish<'PutOutLamp', Record<string, never>>;
type LampEvent = DomainEvent<'LampLit', { until: Instant; broken: boolean }> | DomainEvent<'LampWentOut', { at: Instant }>;

/** What a test can bend: failures by actor id, and what was called. */
export type Bench = {
  readonly failing: Set<string>;
  readonly calls: string[];
  outcome: 'confirmed' | 'failed' | 'unknown' | 'throw';
  task: () => Promise<TaskResult>;
  idempotent: boolean;
  maxShare?: number;
};

export const newBench = (): Bench => ({
  failing: new Set(),
  calls: [],
  outcome: 'confirmed',
  task: async () => ({ success: true, message: 'done' }),
  idempotent: true,
});

/** A small context with a job every second, a task, a reactor and an effect, for tests of the engine. */
export const lampContext = (bench: Bench) => {
  const lamp = defineDecider<Lamp, LampCommand, LampEvent>({
    category: 'house.lamp',
    initial: { lit: false, until: null, broken: false },
    events: ['LampLit', 'LampWentOut'],
    intake: {
      LightLamp: {
        type: 'object',
        properties: { seconds: { type: 'number' }, broken: { type: 'boolean' } },
        required: ['seconds'],
        additionalProperties: false,
      },
    },
    decide: (command, state) => {
      if (command.type === 'LightLamp')
        return accept('lit', [
          { type: 'LampLit', data: { until: plus(command.asOf, command.data.seconds * 1_000), broken: command.data.broken ?? false } },
        ]);
      if (!state.lit) return ignore('already-out');
      if (state.broken && bench.failing.has('lamps')) throw new Error('the switch is stuck');
      return accept('time-up', [{ type: 'LampWentOut', data: { at: command.asOf } }]);
    },
    evolve: (state, event) =>
      event.type === 'LampLit' ? { lit: true, until: event.data.until, broken: event.data.broken } : { ...state, lit: false, until: null },
  });
  const putOut = defineJob({
    name: 'house/put-out-lamps',
    aliases: ['lamps'],
    title: 'Put out lamps whose time is up',
    schedule: cron('* * * * * *'),
    healthyWithinMinutes: 1,
    attempts: 2,
    backoff: { kind: 'constant', first: '20ms' },
    actor: lamp,
    ...(bench.maxShare === undefined ? {} : { maxShare: bench.maxShare }),
    dueAt: (state) => (state.lit ? state.until : null),
    command: (_id, asOf) => ({ type: 'PutOutLamp', data: {}, asOf }),
  });
  const sweep = defineTask('house/sweep', cron('0 0 1 1 *'), () => bench.task(), {
    attempts: 2,
    backoff: { kind: 'constant', first: '10ms' },
    aliases: ['sweep'],
  });
  const tell = defineReactor({
    name: 'house/tell',
    on: ['LampWentOut'],
    targets: ['engine.effect'],
    react: (event) => [{ effect: 'house/ring', key: `out ${event.stream} ${event.revision}`, data: { stream: event.stream } }],
  });
  const ring = defineEffect(
    'house/ring',
    async ({ key }) => {
      bench.calls.push(key);
      if (bench.outcome === 'throw') throw new Error('line cut');
      if (bench.outcome === 'confirmed') return { kind: 'confirmed', reference: 'bell' };
      return { kind: bench.outcome, message: 'no bell' };
    },
    { attempts: 3, backoff: { kind: 'constant', first: '20ms' }, idempotent: bench.idempotent },
  );
  return defineContext('house', {}, () => ({ deciders: [lamp], jobs: [putOut], tasks: [sweep], reactors: [tell], effects: [ring] }));
};
