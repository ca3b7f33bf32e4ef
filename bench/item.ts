import {
  accept,
  cron,
  type DomainEvent,
  defineContext,
  defineDecider,
  defineJob,
  type Instant,
  ignore,
  plus,
  type Wish,
} from '../src/index.ts';

type Item = { status: 'none' | 'held' | 'released'; until: Instant | null; cents: number };
type ItemCommand = Wish<'HoldItem', { cents: number; ms: number }> | Wish<'ReleaseItem', Record<string, never>>;
type ItemEvent = DomainEvent<'ItemHeld', { cents: number; until: Instant }> | DomainEvent<'ItemReleased', { cents: number }>;

const item = defineDecider<Item, ItemCommand, ItemEvent>({
  category: 'bench.item',
  initial: { status: 'none', until: null, cents: 0 },
  events: ['ItemHeld', 'ItemReleased'],
  intake: {
    HoldItem: {
      type: 'object',
      properties: { cents: { type: 'integer' }, ms: { type: 'integer' } },
      required: ['cents', 'ms'],
      additionalProperties: false,
    },
  },
  decide: (command, state) => {
    if (command.type === 'HoldItem')
      return accept('held', [{ type: 'ItemHeld', data: { cents: command.data.cents, until: plus(command.asOf, command.data.ms) } }]);
    if (state.status !== 'held') return ignore('not-held');
    return accept('hold-ended', [{ type: 'ItemReleased', data: { cents: state.cents } }], { until: state.until });
  },
  evolve: (state, event) =>
    event.type === 'ItemHeld'
      ? { status: 'held', until: event.data.until, cents: event.data.cents }
      : { ...state, status: 'released', until: null },
});

const release = defineJob({
  name: 'bench/release-items',
  title: 'Release items whose hold has ended',
  schedule: cron('0 0 1 1 *'),
  healthyWithinMinutes: 60 * 24 * 366,
  actor: item,
  dueAt: (state) => (state.status === 'held' ? state.until : null),
  command: (_id, asOf) => ({ type: 'ReleaseItem', data: {}, asOf }),
});

const everySecond = defineJob({
  ...release,
  name: 'bench/every-second',
  title: 'Every second, nothing due',
  schedule: cron('* * * * * *'),
  dueAt: () => null,
});

/** An actor with one due event, as small as one that moves money can be. */
export const benchContext = defineContext('bench', {}, () => ({ deciders: [item], jobs: [release] }));
export const secondContext = defineContext('bench', {}, () => ({ deciders: [item], jobs: [release, everySecond] }));
