import { expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import type { RecordedEvent } from '../../src/core/event.ts';
import type { Json } from '../../src/core/json.ts';
import {
  accept,
  cron,
  type DomainEvent,
  defineContext,
  defineDecider,
  defineJob,
  defineReactor,
  every,
  type Instant,
  scheduleForScope,
  type Wish,
} from '../../src/index.ts';
import { listRuns } from '../../src/projections/run-queries.ts';
import { nextEvent, testApp } from '../support/app.ts';

type Shop = { town: string; counted: number; since: Instant | null };
type ShopEvent = DomainEvent<'ShopOpened', { town: string }> | DomainEvent<'ShopCounted', { n: number }>;

/** Shops that are counted at the slots of their own town. */
const trade = defineContext('trade', {}, () => {
  const shop = defineDecider<Shop, Wish<'OpenShop', { town: string }> | Wish<'CountShop', Record<string, never>>, ShopEvent>({
    category: 'trade.shop',
    initial: { town: '', counted: 0, since: null },
    events: ['ShopOpened', 'ShopCounted'],
    intake: { OpenShop: { type: 'object', properties: { town: { type: 'string' } }, required: ['town'], additionalProperties: false } },
    decide: (command, state) =>
      command.type === 'OpenShop'
        ? accept('opened', [{ type: 'ShopOpened', data: command.data }])
        : accept('counted', [{ type: 'ShopCounted', data: { n: state.counted + 1 } }]),
    evolve: (state, event) =>
      event.type === 'ShopOpened'
        ? { ...state, town: event.data.town, since: '2020-01-01T00:00:00.000Z' as Instant }
        : { ...state, counted: event.data.n, since: null },
  });
  const count = defineJob({
    name: 'trade/count-shops',
    title: 'Count the shops of a town',
    schedule: cron('0 0 1 1 *'),
    healthyWithinMinutes: 1,
    takesEffect: 'at-tick',
    actor: shop,
    scopeOf: (state) => state.town,
    dueAt: (state) => state.since,
    command: (_id, asOf) => ({ type: 'CountShop', data: {}, asOf }),
  });
  const founded = defineReactor<DomainEvent<'ShopOpened', { town: string }>>({
    name: 'trade/found-town',
    on: ['ShopOpened'],
    targets: ['engine.schedule'],
    react: (event) =>
      event.data.town === 'ys' ? [scheduleForScope(count, 'ys', event.metadata.asOf, { schedule: every('1s'), zone: 'Europe/Paris' })] : [],
  });
  return { deciders: [shop], jobs: [count], reactors: [founded] };
});

const openShop = (app: App, id: string, town: string) =>
  app.inject('POST', '/api/v1/commands', { id: `open-${id}`, to: `trade.shop-${id}`, type: 'OpenShop', data: { town } as Json });
const define = (app: App, key: string, body: Json) => app.inject('POST', `/api/v1/schedules/${encodeURIComponent(key)}/define`, body);
const counted = (id: string) => (event: RecordedEvent) => event.type === 'ShopCounted' && event.stream === `trade.shop-${id}`;

it('a schedule for each scope: defined by a person or by a reactor, each with its own slots', async () => {
  const app = await testApp([trade]);
  await openShop(app, 'a', 'utopia');
  await openShop(app, 'b', 'ys');
  // The reactor gave Ys its schedule; Utopia waits for somebody to do so.
  expect((await nextEvent(app, counted('b'))).metadata.correlationId).toMatch(/^trade\/count-shops\/ys@/);
  expect((await app.inject('GET', '/api/v1/schedules')).body).toMatchObject({
    schedules: [{ key: 'trade/count-shops/ys', scope: 'ys', zone: 'Europe/Paris', schedule: 'every 1s', enabled: true }],
  });
  const answer = await define(app, 'trade/count-shops/utopia', { schedule: 'every 1s', reason: 'the mayor asked' });
  expect(answer).toMatchObject({ status: 200, body: { key: 'trade/count-shops/utopia', status: 'active' } });
  expect((await nextEvent(app, counted('a'))).metadata.correlationId).toMatch(/^trade\/count-shops\/utopia@/);
  const runs = await listRuns(app.service.readModels, { job: 'trade/count-shops', limit: 100 });
  expect(new Map(runs.map((run) => [run.scope, run.definedBy]))).toEqual(
    new Map([
      ['utopia', 'admin'],
      ['ys', 'code'],
    ]),
  );
});

it('what is no scope of a job, or no timetable, is refused, and nothing is defined', async () => {
  const app = await testApp([trade]);
  const reason = 'try';
  for (const [key, body, message] of [
    ['trade/count-shops', { reason }, 'scope'],
    ['trade/count-shops/a b', { reason }, 'scope'],
    ['trade/nothing/a', { reason }, 'trade/nothing'],
    ['trade/count-shops/a', { reason, schedule: 'every 1 day' }, 'every 1 day'],
    ['trade/count-shops/a', { reason, schedule: '61 * * * *' }, 'minute'],
    ['trade/count-shops/a', { reason, zone: 'Europe/Ys' }, 'Europe/Ys'],
    ['trade/count-shops/a', {}, 'reason'],
  ] as const) {
    const answer = await define(app, key, body as Json);
    expect([key, answer.status >= 400 && answer.status < 500]).toEqual([key, true]);
    expect(JSON.stringify(answer.body)).toContain(message);
  }
  expect((await app.inject('GET', '/api/v1/schedules')).body).toMatchObject({ schedules: [] });
});
