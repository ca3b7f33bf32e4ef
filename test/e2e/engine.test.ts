import { describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import type { RecordedEvent } from '../../src/core/event.ts';
import type { Json } from '../../src/core/json.ts';
import { nextEvent, testApp } from '../support/app.ts';
import { allEvents } from '../support/audit.ts';
import { type Bench, lampContext, newBench } from '../support/lamp.ts';

const light = (app: App, id: string, seconds: number, more: object = {}) =>
  app.inject('POST', '/api/v1/commands', {
    id: `light-${id}`,
    to: `house.lamp-${id}`,
    type: 'LightLamp',
    data: { seconds, ...more } as Json,
  });
const of = (type: string, stream?: string) => (event: RecordedEvent) =>
  event.type === type && (stream === undefined || event.stream === stream);
const start = (bench: Bench = newBench()): Promise<App> => testApp([lampContext(bench)]);
const post = (app: App, path: string, body: Json = {}) => app.inject('POST', path, body);
const seen = async (app: App): Promise<void> => {
  const head = await app.service.store.head();
  if (head !== null) await Promise.all(['due-index', 'runs', 'parked'].map((name) => app.service.readModels.passed(name, head)));
};

describe('ticks', () => {
  it('a due actor is settled by its slot, at its own instant, and the slot has one verdict', async () => {
    const app = await start();
    await light(app, 'a', 0.3);
    const out = await nextEvent(app, of('LampWentOut', 'house.lamp-a'));
    const lit = await nextEvent(app, of('LampLit', 'house.lamp-a'));
    expect((out.data as { at: string }).at).toBe((lit.data as { until: string }).until);
    expect(out.metadata).toMatchObject({ causationId: 'due', job: 'house/put-out-lamps', rule: 'time-up' });
    const slot = out.metadata.correlationId;
    const closed = await nextEvent(app, (event) => event.type === 'SlotClosed' && (event.data as { slot: string }).slot === slot);
    expect(closed.data).toMatchObject({ verdict: 'completed', counts: { due: 1, changed: 1, parked: 0, events: { LampWentOut: 1 } } });
  });

  it('the same tick from five tickers opens one slot', async () => {
    const app = await start();
    await nextEvent(app, of('ScheduleDefined', 'engine.schedule-house/sweep'));
    const at = app.service.clock.now();
    const slot = `house/sweep@manual-five`;
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((ticker) =>
        app.service.commands.send({
          id: `ticker-${ticker}`,
          to: 'engine.schedule-house/sweep',
          type: 'OpenSlot',
          data: { slot, at, cause: 'manual' },
          asOf: at,
        }),
      ),
    );
    expect(answers.map((answer) => answer.kind).sort()).toEqual(['accepted', 'ignored', 'ignored', 'ignored', 'ignored']);
    await nextEvent(app, of('SlotClosed', 'engine.schedule-house/sweep'));
    expect(
      (await allEvents(app)).filter((event) => event.type === 'SlotOpened' && event.stream === 'engine.schedule-house/sweep'),
    ).toHaveLength(1);
  });
});

describe('commands', () => {
  it('the same id twice is one effect and the same answer; another payload is 409', async () => {
    const app = await start();
    const first = await light(app, 'b', 900);
    const again = await light(app, 'b', 900);
    expect(again.body).toMatchObject({ kind: 'accepted', repeated: true, revision: (first.body as { revision: number }).revision });
    expect((await light(app, 'b', 901)).status).toBe(409);
    expect((await allEvents(app)).filter(of('LampLit'))).toHaveLength(1);
  });

  it('two commands racing on one actor both take effect, one after the other', async () => {
    const app = await start();
    const answers = await Promise.all(
      [1, 2, 3, 4].map((id) =>
        post(app, '/api/v1/commands', { id: `race-${id}`, to: 'house.lamp-c', type: 'LightLamp', data: { seconds: 900 + id } }),
      ),
    );
    expect(answers.map((answer) => (answer.body as { revision: number }).revision).sort()).toEqual([0, 1, 2, 3]);
  });
});

describe('failures', () => {
  it('a failing item is tried again, then parked; the others go on; a replay does it', async () => {
    const bench = newBench();
    bench.failing.add('lamps');
    const app = await start(bench);
    await Promise.all([light(app, 'bad', 0.2, { broken: true }), light(app, 'good', 0.2)]);
    const parked = await nextEvent(app, of('ItemParked'));
    expect(parked.data).toMatchObject({ job: 'house/put-out-lamps', about: 'house.lamp-bad', attempt: 2, message: 'the switch is stuck' });
    await nextEvent(app, of('LampWentOut', 'house.lamp-good'));
    const closed = await nextEvent(
      app,
      (event) => event.type === 'SlotClosed' && (event.data as { counts: { parked: number } }).counts.parked === 1,
    );
    expect(closed.data).toMatchObject({ verdict: 'completed' });
    await seen(app);
    const list = (await app.inject('GET', '/api/v1/parked')).body as { parked: { id: string }[] };
    expect(list.parked).toHaveLength(1);
    expect((await light(app, 'bad', 5, { broken: true })).status).toBe(409);

    bench.failing.clear();
    const id = encodeURIComponent(list.parked[0]!.id);
    expect((await post(app, `/api/v1/parked/${id}/replay`, { reason: 'switch oiled' })).status).toBe(200);
    await nextEvent(app, of('LampWentOut', 'house.lamp-bad'));
    await seen(app);
    expect(((await app.inject('GET', '/api/v1/parked')).body as { parked: unknown[] }).parked).toEqual([]);
  });
});

describe('effects', () => {
  it('are requested once, started in the log before the call, and confirmed', async () => {
    const bench = newBench();
    const app = await start(bench);
    await light(app, 'a', 0.1);
    const confirmed = await nextEvent(app, of('EffectConfirmed'));
    const events = (await allEvents(app)).filter((event) => event.stream === confirmed.stream);
    expect(events.map((event) => event.type)).toEqual(['EffectRequested', 'EffectStarted', 'EffectConfirmed']);
    expect(bench.calls).toHaveLength(1);
  });

  it('fail, are tried again with backoff, and park after the last try', async () => {
    const bench = newBench();
    bench.outcome = 'failed';
    const app = await start(bench);
    await light(app, 'a', 0.1);
    await nextEvent(app, of('EffectParked'));
    expect(bench.calls).toHaveLength(3);
  });

  it('of unknown outcome are never sent again to a provider without idempotency', async () => {
    const bench = { ...newBench(), idempotent: false, outcome: 'throw' as const };
    const app = await start(bench);
    await light(app, 'a', 0.1);
    const parked = await nextEvent(app, of('EffectParked'));
    expect((parked.data as { message: string }).message).toContain('outcome unknown');
    expect(bench.calls).toHaveLength(1);
  });
});

describe('operating', () => {
  it('a paused job is settled by nothing but a manual slot; its slots are recorded as skipped', async () => {
    const app = await start();
    await light(app, 'a', 1);
    expect((await post(app, '/api/v1/schedules/house%2Fput-out-lamps/pause', { reason: 'repairs' })).status).toBe(200);
    await nextEvent(
      app,
      (event) =>
        event.type === 'SlotsSkipped' &&
        (event.data as { reason: string }).reason === 'paused' &&
        event.metadata.asOf > (event.data as { to: string }).to,
    );
    const until = ((await nextEvent(app, of('LampLit'))).data as { until: string }).until;
    await app.service.clock.sleepUntil(until as never);
    expect((await allEvents(app)).some(of('LampWentOut'))).toBe(false);
    const triggered = await post(app, '/api/v1/jobs/trigger/lamps', { reason: 'by hand' });
    expect(triggered.body).toMatchObject({ success: true });
    await nextEvent(app, of('LampWentOut', 'house.lamp-a'));
    expect((await post(app, '/api/v1/schedules/house%2Fput-out-lamps/resume', { reason: 'mended' })).status).toBe(200);
  });

  it('a task that fails is tried again; its run has failed after the last try; a second trigger meanwhile is 409', async () => {
    const bench = newBench();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let calls = 0;
    bench.task = async () => {
      calls += 1;
      await gate;
      return { success: false, message: 'no broom' };
    };
    const app = await start(bench);
    expect((await post(app, '/api/v1/jobs/trigger/sweep', { reason: 'dust' })).status).toBe(200);
    const second = await post(app, '/api/v1/jobs/trigger/sweep', { reason: 'more dust' });
    expect(second).toMatchObject({ status: 409, body: { code: 'already-running', success: false } });
    release();
    const closed = await nextEvent(app, of('SlotClosed', 'engine.schedule-house/sweep'));
    expect(closed.data).toMatchObject({ verdict: 'failed', message: 'no broom' });
    expect(calls).toBe(2);
    await seen(app);
    const history = (await app.inject('GET', '/api/v1/jobs/history?limit=100')).body as {
      data: { executions: { name: string; success: boolean }[] };
    };
    expect(history.data.executions.find((each) => each.name === 'house/sweep')).toMatchObject({ success: false });
  });

  it('a run over its share is held until a person approves it', async () => {
    const app = await start({ ...newBench(), maxShare: 0.5 });
    await Promise.all(['a', 'b', 'c'].map((id) => light(app, id, 0.2)));
    const held = await nextEvent(app, of('RunHeld'));
    expect(held.data).toMatchObject({ population: 3, maxShare: 0.5 });
    const slot = held.stream.slice('engine.run-'.length);
    const closed = nextEvent(app, (event) => event.type === 'SlotClosed' && (event.data as { slot: string }).slot === slot);
    expect((await allEvents(app)).filter(of('LampWentOut'))).toEqual([]);
    expect((await post(app, `/api/v1/runs/${encodeURIComponent(slot)}/approve`, { reason: 'looked at it' })).status).toBe(200);
    expect((await closed).data).toMatchObject({ verdict: 'completed' });
    expect((await allEvents(app)).filter(of('LampWentOut'))).toHaveLength(3);
  });

  it('a held run can be cancelled, and says so', async () => {
    const app = await start({ ...newBench(), maxShare: 0.5 });
    await light(app, 'a', 0.2);
    const held = await nextEvent(app, of('RunHeld'));
    const slot = held.stream.slice('engine.run-'.length);
    await post(app, `/api/v1/runs/${encodeURIComponent(slot)}/cancel`, { reason: 'wrong day' });
    const closed = await nextEvent(app, (event) => event.type === 'SlotClosed' && (event.data as { slot: string }).slot === slot);
    expect(closed.data).toMatchObject({ verdict: 'cancelled', message: 'wrong day' });
  });

  it('a run whose schedule is paused before it is done cannot say that it is completed', async () => {
    const app = await start({ ...newBench(), maxShare: 0.5 });
    await light(app, 'a', 0.2);
    const slot = (await nextEvent(app, of('RunHeld'))).stream.slice('engine.run-'.length);
    await post(app, '/api/v1/schedules/house%2Fput-out-lamps/pause', { reason: 'repairs' });
    await post(app, `/api/v1/runs/${encodeURIComponent(slot)}/approve`, { reason: 'go on' });
    const closed = await nextEvent(app, (event) => event.type === 'SlotClosed' && (event.data as { slot: string }).slot === slot);
    expect(closed.data).toMatchObject({ verdict: 'cancelled', message: 'its schedule was paused or disabled during the run' });
    expect((await allEvents(app)).some(of('LampWentOut'))).toBe(false);
    // The next slot settles what this one left.
    await post(app, '/api/v1/schedules/house%2Fput-out-lamps/resume', { reason: 'mended' });
    const held = await nextEvent(app, (event) => event.type === 'RunHeld' && event.stream !== `engine.run-${slot}`);
    await post(app, `/api/v1/runs/${encodeURIComponent(held.stream.slice('engine.run-'.length))}/approve`, { reason: 'go on' });
    await nextEvent(app, of('LampWentOut', 'house.lamp-a'));
  });
});

describe('tokens', () => {
  it('the last live admin token is not revoked', async () => {
    const app = await start();
    const { body } = await app.inject('GET', '/api/v1/tokens');
    const [first] = (body as { tokens: { id: string }[] }).tokens;
    const refused = await app.inject('DELETE', `/api/v1/tokens/${first!.id}`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'last-admin' } });
    expect((await post(app, '/api/v1/tokens', { name: 'second', role: 'admin' })).status).toBe(201);
    expect((await app.inject('DELETE', `/api/v1/tokens/${first!.id}`)).status).toBe(200);
  });
});
