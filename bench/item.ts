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

/** The same with a defect: one actor is released twice, another never. */
const broken = defineDecider<Item, ItemCommand, ItemEvent>({
  ...item,
  decide: (command, state) => {
    const decision = item.decide(command, state);
    if (command.type !== 'ReleaseItem' || decision.kind !== 'accepted') return decision;
    if (state.cents === 101) return accept('twice', [...decision.events, ...decision.events]);
    return state.cents === 102
      ? accept('never', [{ type: 'ItemHeld', data: { cents: 102, until: '9999-01-01T00:00:00.000Z' as Instant } }])
      : decision;
  },
});
export const forgetful = defineContext('bench', {}, () => ({ deciders: [broken], jobs: [{ ...release, actor: broken }] }));

/** An actor with one due event, as small as one that moves money can be. */
export const benchContext = defineContext('bench', {}, () => ({ deciders: [item], jobs: [release] }));

/** A shop that closes once a day: a schedule for each. */
export const shopContext = defineContext('bench', {}, () => ({
  deciders: [item],
  jobs: [{ ...release, name: 'bench/close-shops' as const, scopeOf: (state: Item) => String(state.cents) }],
}));
export const secondContext = defineContext('bench', {}, () => ({ deciders: [item], jobs: [release, everySecond] }));
