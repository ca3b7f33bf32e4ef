import { describe, expect, it } from 'vitest';
import { createApi } from './support/api.ts';

const api = await createApi();
const { world, call } = api;
await world.defineAll();

const send = (id: string, to: string, type: string, data: object) => world.tell(to, type, data as never, { id });

describe('entities', () => {
  it('are what they are with everything due applied, and tell why', async () => {
    await send('s1', 'giving.escrow-7f3a', 'SendDonation', { donor: 'd', recipient: 'r', cents: 500 });
    await send('s2', 'giving.escrow-7f3a', 'ConfirmReceipt', {});
    const before = (await call('read', 'GET', '/api/v1/entities/7f3a')).body;
    expect(before).toMatchObject({
      stream: 'giving.escrow-7f3a',
      recorded: { status: 'holding' },
      state: { status: 'holding' },
      steps: [],
      held: [],
      next: { job: 'giving/release-escrows' },
    });
    world.clock.set('2026-11-26T00:30:00.001Z');
    expect((await call('read', 'GET', '/api/v1/entities/giving.escrow-7f3a')).body).toMatchObject({
      recorded: { status: 'holding' },
      state: { status: 'released' },
      steps: [{ job: 'giving/release-escrows', rule: 'hold-ended', events: ['EscrowReleased'] }],
      next: null,
    });
    await call('operate', 'POST', '/api/v1/schedules/escrow-release/pause', { reason: 'repairs' });
    expect((await call('read', 'GET', '/api/v1/entities/7f3a')).body).toMatchObject({
      state: { status: 'holding' },
      held: [{ job: 'giving/release-escrows', because: 'paused' }],
    });
    await call('operate', 'POST', '/api/v1/schedules/escrow-release/resume', { reason: 'done' });
    const why = (await call('read', 'GET', '/api/v1/entities/7f3a/why')).body;
    expect(why).toMatchObject({
      stream: 'giving.escrow-7f3a',
      changes: [{ rule: 'receipt-confirmed', events: ['EscrowHeld'], command: { id: 's2' } }, { rule: 'donation-sent' }],
    });
    expect((await call('read', 'GET', '/api/v1/entities/7f3a/as-of?at=2026-11-25T00:00:00Z')).body).toMatchObject({
      state: { status: 'holding' },
      settled: { status: 'holding' },
      revision: 1,
    });
  });

  it('are asked for clearly', async () => {
    expect((await call('read', 'GET', '/api/v1/entities/nothing')).body).toMatchObject({ status: 404, code: 'not-found' });
    expect((await call('read', 'GET', '/api/v1/entities/nothing/why')).status).toBe(404);
    expect((await call('read', 'GET', '/api/v1/entities/7f3a/as-of')).body).toMatchObject({ status: 400, detail: 'at is missing' });
    expect((await call('read', 'GET', '/api/v1/entities/7f3a/as-of?at=2030-01-01T00:00:00Z')).body).toMatchObject({ status: 400 });
    await world.tell('giving.escrow-same', 'SendDonation', { donor: 'd', recipient: 'r', cents: 1 });
    await world.tell('giving.coins-same', 'AwardCoins', { coins: 1, escrow: 'e' });
    expect((await call('read', 'GET', '/api/v1/entities/same')).body).toMatchObject({ status: 400, code: 'ambiguous-name' });
  });
});

describe('an actor whose rules throw', () => {
  it('is shown as recorded, with what fails named', async () => {
    const job = world.service.registry.jobs.get('giving/release-escrows');
    const decider = world.service.registry.deciders.get('giving.escrow') as { decide: unknown };
    const { decide } = decider;
    expect(job).toBeDefined();
    decider.decide = () => {
      throw new Error('broken rule');
    };
    const { body } = await call('read', 'GET', '/api/v1/entities/7f3a');
    decider.decide = decide;
    expect(body).toMatchObject({
      state: { status: 'holding' },
      held: [{ job: 'giving/release-escrows', because: 'failing: broken rule' }],
    });
  });
});

describe('simulation', () => {
  it('tells what a job would do, and appends nothing', async () => {
    const head = await world.store.head();
    const { body } = await call('read', 'POST', '/api/v1/jobs/escrow-release/simulate', { at: '2026-12-01T00:00:00Z' });
    expect(body).toMatchObject({
      job: 'giving/release-escrows',
      due: 1,
      changed: 1,
      failed: 0,
      events: { EscrowReleased: 1 },
      rules: { 'hold-ended': 1 },
      actors: [{ stream: 'giving.escrow-7f3a', before: { status: 'holding' }, after: { status: 'released' } }],
    });
    expect((await call('operate', 'POST', '/api/v1/jobs/trigger/escrow-release', { dryRun: true })).body).toMatchObject({
      success: true,
      message: "Job 'escrow-release' would change 1 of 1 due",
    });
    expect((await call('read', 'POST', '/api/v1/jobs/nope/simulate')).body).toMatchObject({ status: 400, code: 'job-unknown' });
    expect(await world.store.head()).toBe(head);
  });
});

describe('parked items', () => {
  const failure = (n: number) => ({
    job: 'giving/release-escrows',
    about: `giving.escrow-p${n}`,
    message: 'boom',
    attempts: 1,
    nextAt: '2026-11-26T01:00:00.000Z',
    build: 1,
  });
  const idOf = (n: number): string => `engine.item-giving/release-escrows:giving.escrow-p${n}`;
  const path = (n: number): string => `/api/v1/parked/${encodeURIComponent(idOf(n))}`;

  it('are listed newest first, shown, replayed and discarded with a reason', async () => {
    for (const n of [1, 2, 3]) await world.tell(idOf(n), 'ReportFailure', failure(n));
    const first = (await call('read', 'GET', '/api/v1/parked?limit=2')).body as { parked: { id: string }[]; next: string };
    const second = (await call('read', 'GET', `/api/v1/parked?limit=2&cursor=${first.next}`)).body as { parked: { id: string }[] };
    expect([...first.parked, ...second.parked].map((each) => each.id).sort()).toEqual([1, 2, 3].map(idOf));
    expect((await call('read', 'GET', path(1))).body).toMatchObject({
      id: idOf(1),
      kind: 'item',
      about: 'giving.escrow-p1',
      attempt: 1,
      message: 'boom',
      state: { status: 'parked' },
    });
    expect((await call('operate', 'POST', `${path(1)}/replay`)).body).toMatchObject({ status: 400, detail: 'reason is missing' });
    expect((await call('operate', 'POST', `${path(1)}/replay`, { reason: 'mended' })).body).toEqual({ id: idOf(1), status: 'replayed' });
    expect((await call('operate', 'POST', `${path(2)}/discard`, { reason: 'old' })).body).toEqual({ id: idOf(2), status: 'discarded' });
    expect(world.sent.at(-1)).toMatchObject({ type: 'DiscardItem', by: 'the-operate', reason: 'old' });
    expect((await call('operate', 'POST', `${path(2)}/discard`, { reason: 'old' })).body).toMatchObject({
      status: 422,
      rule: 'not-parked',
    });
    expect((await call('read', 'GET', path(2))).status).toBe(404);
    expect((await call('read', 'GET', '/api/v1/parked?job=giving%2Frelease-escrows')).body).toMatchObject({
      parked: [{ id: idOf(3) }],
      next: null,
    });
  });

  it('of effects are replayed as effects; other streams are none', async () => {
    const id = 'engine.effect-giving/notify/0123';
    await world.tell(id, 'RequestEffect', { effect: 'giving/notify', key: 'k', data: {} });
    await world.tell(id, 'StartEffect', {});
    await world.tell(id, 'FailEffect', { attempt: 1, message: 'no such number', final: true });
    expect((await call('read', 'GET', `/api/v1/parked/${encodeURIComponent(id)}`)).body).toMatchObject({
      kind: 'effect',
      job: 'giving/notify',
      message: 'no such number',
    });
    expect((await call('operate', 'POST', `/api/v1/parked/${encodeURIComponent(id)}/replay`, { reason: 'mended' })).body).toEqual({
      id,
      status: 'replayed',
    });
    expect(world.sent.at(-1)).toMatchObject({ type: 'ReplayEffect' });
    expect((await call('operate', 'POST', '/api/v1/parked/giving.escrow-7f3a/replay', { reason: 'x' })).body).toMatchObject({
      status: 404,
    });
  });
});
