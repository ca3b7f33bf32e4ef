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
  defineEffect,
  defineJob,
  defineReactor,
  defineTask,
  ignore,
  type Wish,
} from '../../src/index.ts';
import { nextEvent, testApp } from '../support/app.ts';
import { allEvents } from '../support/audit.ts';

type Guest = { here: boolean; greeted: string | null; left: boolean };
type GuestEvent =
  | DomainEvent<'GuestCame', Record<string, never>>
  | DomainEvent<'GuestGreeted', { weather: string }>
  | DomainEvent<'GuestLeft', Record<string, never>>;
type GuestCommand =
  | Wish<'ComeIn', Record<string, never>>
  | Wish<'GreetGuest', { weather: string }>
  | Wish<'LeaveHouse', Record<string, never>>;

const never = cron('0 0 1 1 *');
const bend = { failTask: true, mails: [] as Json[] };

const inn = defineContext('inn', {}, () => {
  const guest = defineDecider<Guest, GuestCommand, GuestEvent>({
    category: 'inn.guest',
    initial: { here: false, greeted: null, left: false },
    events: ['GuestCame', 'GuestGreeted', 'GuestLeft'],
    decide: (command, state) => {
      if (command.type === 'ComeIn') return accept('came', [{ type: 'GuestCame', data: {} }]);
      if (command.type === 'LeaveHouse') return accept('left', [{ type: 'GuestLeft', data: {} }]);
      return state.greeted === null ? accept('greeted', [{ type: 'GuestGreeted', data: command.data }]) : ignore('greeted-already');
    },
    evolve: (state, event) =>
      event.type === 'GuestCame'
        ? { ...state, here: true }
        : event.type === 'GuestGreeted'
          ? { ...state, greeted: event.data.weather }
          : { ...state, left: true },
  });
  const greet = defineJob({
    name: 'inn/greet-guests',
    title: 'Greet guests with the weather',
    schedule: never,
    healthyWithinMinutes: 1,
    takesEffect: 'at-tick',
    actor: guest,
    dueAt: (state) => (state.here && state.greeted === null ? ('2020-01-01T00:00:00.000Z' as never) : null),
    observe: async (id, _asOf, look) => {
      const { here } = (await look.state(`inn.guest-${id}`)) as unknown as Guest;
      return look.ask('inn/weather', { here });
    },
    command: (_id, asOf, observed) => ({ type: 'GreetGuest', data: { weather: String(observed) }, asOf }),
  });
  const call = defineTask(
    'inn/call-guests',
    never,
    async (_slot, { send, look, attempt }) => {
      for (const id of ['ann', 'bob']) await send({ to: `inn.guest-${id}`, type: 'ComeIn', data: {} });
      if (attempt === 1 && bend.failTask) throw new Error('the line broke');
      return { success: true, message: String(await look.ask('inn/weather', null)) };
    },
    { attempts: 2, backoff: { kind: 'constant', first: '10ms' } },
  );
  const goodbye = defineEffect('inn/write-goodbye', async ({ key, data, vault, eraseStream }) => {
    const { stream } = data as { stream: `${string}-${string}` };
    bend.mails.push((await vault.get(key))?.mail ?? null);
    await vault.erase(key);
    await eraseStream(stream);
    return { kind: 'confirmed' };
  });
  const farewell = defineReactor<DomainEvent<'GuestLeft', Record<string, never>>>({
    name: 'inn/say-goodbye',
    on: ['GuestLeft'],
    targets: ['engine.effect'],
    react: (event) => [{ effect: 'inn/write-goodbye', key: event.stream, data: { stream: event.stream } }],
  });
  const sources = { 'inn/weather': async (question: Json) => (question === null ? 'sun' : `rain for ${JSON.stringify(question)}`) };
  return { deciders: [guest], jobs: [greet], tasks: [call], effects: [goodbye], reactors: [farewell], sources };
});

const closed = (job: string) => (event: RecordedEvent) => event.type === 'SlotClosed' && event.stream === `engine.schedule-${job}`;
const trigger = (app: App, job: string, body: Json) => app.inject('POST', `/api/v1/jobs/trigger/${encodeURIComponent(job)}`, body);

it('a task sends a command once a slot, however often it runs; jobs, tasks and simulations look outside the same way', async () => {
  const app = await testApp([inn]);
  await trigger(app, 'inn/call-guests', { reason: 'try' });
  const verdict = await nextEvent(app, closed('inn/call-guests'));
  expect(verdict.data).toMatchObject({ verdict: 'completed' });
  expect((await allEvents(app)).filter(({ type }) => type === 'GuestCame').map(({ stream }) => stream)).toEqual([
    'inn.guest-ann',
    'inn.guest-bob',
  ]);

  const simulated = await trigger(app, 'inn/greet-guests', { dryRun: true });
  expect(simulated.body).toMatchObject({ simulation: { due: 2, changed: 2 } });
  expect(JSON.stringify(simulated.body)).toContain('rain for {\\"here\\":true}');
  await trigger(app, 'inn/greet-guests', { reason: 'try' });
  await nextEvent(app, closed('inn/greet-guests'));
  const greeted = (await allEvents(app)).filter(({ type }) => type === 'GuestGreeted');
  expect(greeted.map(({ data }) => data)).toEqual([{ weather: 'rain for {"here":true}' }, { weather: 'rain for {"here":true}' }]);
});

it('an effect reads the vault, and erases a subject and its stream', async () => {
  const app = await testApp([inn]);
  const send = (type: string, id: string) =>
    app.service.commands.send({ id, to: 'inn.guest-eve', type, data: {}, asOf: app.service.clock.now() });
  await app.vault.put('inn.guest-eve', { mail: 'eve@example.org' });
  await send('ComeIn', 'c1');
  await send('LeaveHouse', 'c2');
  await nextEvent(app, (event) => event.type === 'EffectConfirmed');
  expect(bend.mails).toEqual(['eve@example.org']);
  expect(await app.vault.get('inn.guest-eve')).toBeNull();
  expect((await app.service.store.read('inn.guest-eve')).head).toBe('erased');
});
