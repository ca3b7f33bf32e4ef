import { expect, it } from 'vitest';
import { accept, cron, type DomainEvent, defineContext, defineDecider, defineJob, type Instant, type Wish } from '../../src/index.ts';
import { nextEvent, testApp } from '../support/app.ts';
import { allEvents } from '../support/audit.ts';

type Balance = { readonly since: Instant | null; readonly seen: number };
type BalanceCommand = Wish<'WatchBalance', Record<string, never>> | Wish<'ObserveBalance', { cents: number }>;
type BalanceEvent = DomainEvent<'WatchBegun', { at: Instant }> | DomainEvent<'BalanceObserved', { cents: number }>;

const balance = defineDecider<Balance, BalanceCommand, BalanceEvent>({
  category: 'watch.balance',
  initial: { since: null, seen: 0 },
  events: ['WatchBegun', 'BalanceObserved'],
  intake: { WatchBalance: { type: 'object', additionalProperties: false } },
  decide: (command) =>
    command.type === 'WatchBalance'
      ? accept('begun', [{ type: 'WatchBegun', data: { at: command.asOf } }])
      : accept('seen', [{ type: 'BalanceObserved', data: command.data }]),
  evolve: (state, event) => (event.type === 'WatchBegun' ? { since: event.data.at, seen: 0 } : { ...state, seen: state.seen + 1 }),
});

const observe = defineJob({
  name: 'watch/observe-balances',
  title: 'Look at balances',
  schedule: cron('* * * * * *'),
  takesEffect: 'at-tick',
  healthyWithinMinutes: 1,
  actor: balance,
  dueAt: (state) => state.since,
  observe: async () => ({ cents: 7 }),
  command: (_id, asOf, observed) => ({ type: 'ObserveBalance', data: observed as { cents: number }, asOf }),
});

it('an at-tick actor that stays due is decided once a slot, with what was seen in the event', async () => {
  const app = await testApp([defineContext('watch', {}, () => ({ deciders: [balance], jobs: [observe] }))]);
  await app.inject('POST', '/api/v1/commands', { id: 'w', to: 'watch.balance-x', type: 'WatchBalance', data: {} });
  const first = await nextEvent(app, (event) => event.type === 'BalanceObserved');
  expect(first.data).toEqual({ cents: 7 });
  await nextEvent(app, (event) => event.type === 'BalanceObserved' && event.metadata.correlationId !== first.metadata.correlationId);
  const slots = (await allEvents(app)).filter((event) => event.type === 'BalanceObserved').map((event) => event.metadata.correlationId);
  expect(new Set(slots).size).toBe(slots.length);
  await nextEvent(app, (event) => event.type === 'SlotClosed' && (event.data as { slot: string }).slot === first.metadata.correlationId);
});
