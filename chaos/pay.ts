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
  type EffectCall,
  type EffectOutcome,
  type Instant,
  ignore,
  plus,
  reject,
  type Wish,
} from '../src/index.ts';

type Order = { status: 'none' | 'placed' | 'settled'; buyer: string; cents: number; receipt: boolean; dueAt: Instant | null };
type Placed = { buyer: string; cents: number; receipt: boolean; dueAt: Instant };
type OrderCommand =
  | Wish<'PlaceOrder', { buyer: string; cents: number; afterMs: number; receipt: boolean }>
  | Wish<'SettleOrder', Record<string, never>>;
type OrderEvent = DomainEvent<'OrderPlaced', Placed> | DomainEvent<'OrderSettled', Omit<Placed, 'dueAt'>>;
type Credited = DomainEvent<'AccountCredited', { order: string; cents: number }>;

/** How the outside is reached: by HTTP at the fake provider, or wrapped by a fault. */
export type Call = (effect: string, call: EffectCall) => Promise<EffectOutcome>;

const order = defineDecider<Order, OrderCommand, OrderEvent>({
  category: 'pay.order',
  initial: { status: 'none', buyer: '', cents: 0, receipt: false, dueAt: null },
  events: ['OrderPlaced', 'OrderSettled'],
  intake: {
    PlaceOrder: {
      type: 'object',
      properties: {
        buyer: { type: 'string', minLength: 1 },
        cents: { type: 'integer', minimum: 1 },
        afterMs: { type: 'integer', minimum: 0 },
        receipt: { type: 'boolean' },
      },
      required: ['buyer', 'cents', 'afterMs', 'receipt'],
      additionalProperties: false,
    },
  },
  decide: (command, state) => {
    const { buyer, cents, receipt } = state;
    if (command.type === 'SettleOrder')
      return state.status === 'placed'
        ? accept('time-up', [{ type: 'OrderSettled', data: { buyer, cents, receipt } }])
        : ignore('not-placed', { status: state.status });
    if (state.status !== 'none') return reject('placed-before');
    const { afterMs, ...placed } = command.data;
    return accept('placed', [{ type: 'OrderPlaced', data: { ...placed, dueAt: plus(command.asOf, afterMs) } }]);
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'OrderPlaced':
        return { ...event.data, status: 'placed' };
      case 'OrderSettled':
        return { ...state, status: 'settled', dueAt: null };
    }
  },
});

/** It takes every credit it is sent: whoever sends one twice shows in the log. */
const account = defineDecider<number, Wish<'CreditAccount', { order: string; cents: number }>, Credited>({
  category: 'pay.account',
  initial: 0,
  events: ['AccountCredited'],
  decide: (command) => accept('credited', [{ type: 'AccountCredited', data: command.data }]),
  evolve: (state, event) => state + event.data.cents,
});

const settle = defineJob({
  name: 'pay/settle-orders',
  title: 'Settle orders whose time is up',
  schedule: cron('* * * * * *'),
  healthyWithinMinutes: 5,
  actor: order,
  dueAt: (state) => state.dueAt,
  command: (_id, asOf) => ({ type: 'SettleOrder', data: {}, asOf }),
});

const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

const credit = defineReactor<Extract<OrderEvent, { type: 'OrderSettled' }>>({
  name: 'pay/credit-account',
  on: ['OrderSettled'],
  targets: ['pay.account'],
  react: ({ stream, data }) => [
    { to: `pay.account-${data.buyer}`, type: 'CreditAccount', data: { order: idOf(stream), cents: data.cents } },
  ],
});

const payOut = defineReactor<Extract<OrderEvent, { type: 'OrderSettled' }>>({
  name: 'pay/pay-out',
  on: ['OrderSettled'],
  targets: [],
  react: ({ stream, data }) => [
    { effect: 'pay/payout', key: `payout/${idOf(stream)}`, data: { cents: data.cents } },
    ...(data.receipt ? [{ effect: 'pay/receipt', key: `receipt/${idOf(stream)}`, data: { cents: data.cents } }] : []),
  ],
});

/** Short waits: a call that a kill cut off is given up after `timeoutSeconds` and 10 s more. */
const patience = { attempts: 20, backoff: { kind: 'constant', first: '200ms' }, timeoutSeconds: 2 } as const;

/**
 * Orders that a job settles each second, an account that is credited once for each, a payout at a provider that does a key
 * once, and for some orders a receipt at one that does not. `tidy`: a task that ran each minute since the schedule began.
 */
export const payContext = (call: Call) =>
  defineContext('pay', { tidy: false }, ({ tidy }) => ({
    deciders: [order, account],
    jobs: [settle],
    tasks: [defineTask('pay/tidy', cron('* * * * *'), async () => ({ success: true, message: 'tidy' }), { catchUp: 'all', enabled: tidy })],
    reactors: [credit, payOut],
    effects: [
      defineEffect('pay/payout', (each) => call('pay/payout', each), { ...patience, idempotent: true }),
      defineEffect('pay/receipt', (each) => call('pay/receipt', each), { ...patience, idempotent: false }),
    ],
  }));
