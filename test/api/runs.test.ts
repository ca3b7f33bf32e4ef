import { describe, expect, it } from 'vitest';
import { createApi } from './support/api.ts';

const api = await createApi();
const { world, call } = api;
await world.defineAll();

const job = 'giving/release-escrows';
const schedule = `engine.schedule-${job}`;
const path = (slot: string): string => `/api/v1/runs/${encodeURIComponent(slot)}`;

/** Opens the slot of an hour and its run, as the coordinator would. */
const open = async (hour: string, held: object | null = null): Promise<string> => {
  const at = `2026-11-24T${hour}:00:00.000Z`;
  world.clock.set(at);
  const slot = `${job}@2026-11-24T${hour}:00Z`;
  await world.tell(schedule, 'OpenSlot', { slot, at, cause: 'schedule' });
  await world.tell(`engine.run-${slot}`, 'OpenRun', {
    slot,
    key: job,
    at,
    cause: 'schedule',
    task: false,
    due: { 'giving.00': 2 },
    timeoutMinutes: 30,
    held: held as never,
  });
  return slot;
};

describe('runs', () => {
  it('are listed newest first, page by page, filtered by job and verdict', async () => {
    for (const [hour, verdict] of [
      ['01', 'completed'],
      ['02', 'failed'],
      ['03', 'completed'],
      ['04', 'completed'],
    ] as const)
      await world.close(job, await open(hour), verdict, verdict === 'failed' ? 'broken' : null);
    const slots = async (query: string): Promise<string[]> =>
      ((await call('read', 'GET', `/api/v1/runs${query}`)).body as { runs: { slot: string }[] }).runs.map((run) => run.slot.slice(-6));
    expect(await slots('')).toEqual(['04:00Z', '03:00Z', '02:00Z', '01:00Z']);
    expect(await slots('?verdict=failed')).toEqual(['02:00Z']);
    expect(await slots('?job=escrow-release&verdict=completed&limit=2')).toEqual(['04:00Z', '03:00Z']);
    expect(await slots('?job=finalize-pools')).toEqual([]);
    const first = (await call('read', 'GET', '/api/v1/runs?limit=3')).body as { next: string };
    const second = (await call('read', 'GET', `/api/v1/runs?limit=3&cursor=${first.next}`)).body;
    expect(second).toMatchObject({ runs: [{ slot: `${job}@2026-11-24T01:00Z` }], next: null });
  });

  it('tell how far they are, and what they changed', async () => {
    const slot = await open('05');
    const donation = { donor: 'd', recipient: 'r', cents: 5 };
    for (const id of ['x1', 'x2', 'x3'])
      await world.tell(`giving.escrow-${id}`, 'SendDonation', donation, id === 'x3' ? {} : { correlationId: slot });
    await world.tell(`engine.run-${slot}`, 'ReportSlice', {
      partition: 'giving.00',
      epoch: 1,
      settled: 2,
      waiting: 0,
      parked: 0,
      finished: true,
    });
    expect((await call('read', 'GET', path(slot))).body).toMatchObject({
      slot,
      verdict: 'open',
      changed: 2,
      events: { DonationSent: 2 },
      progress: { status: 'running', epoch: 1, parts: { 'giving.00': { due: 2, settled: 2, finished: true } } },
    });
    const first = (await call('read', 'GET', `${path(slot)}/events?limit=1`)).body as {
      events: { stream: string }[];
      upTo: string;
      more: boolean;
    };
    const rest = (await call('read', 'GET', `${path(slot)}/events?from=${first.upTo}`)).body as {
      events: { stream: string }[];
      more: boolean;
    };
    expect([first.events.map((event) => event.stream), first.more, rest.events.map((event) => event.stream), rest.more]).toEqual([
      ['giving.escrow-x1'],
      true,
      ['giving.escrow-x2'],
      false,
    ]);
    await world.close(job, slot);
  });

  it('are cancelled and approved with a reason, by whom is recorded', async () => {
    const slot = await open('06', { population: 3, maxShare: 0.2 });
    expect((await call('read', 'GET', path(slot))).body).toMatchObject({ progress: { status: 'held' } });
    expect((await call('operate', 'POST', `${path(slot)}/approve`, {})).body).toMatchObject({ status: 400, detail: 'reason is missing' });
    expect((await call('operate', 'POST', `${path(slot)}/approve`, { reason: 'looked at it' })).body).toEqual({ slot, status: 'running' });
    expect((await call('operate', 'POST', `${path(slot)}/approve`, { reason: 'again' })).body).toMatchObject({
      status: 422,
      rule: 'not-held',
    });
    expect((await call('operate', 'POST', `${path(slot)}/cancel`, { reason: 'stop' })).body).toEqual({ slot, status: 'cancelled' });
    expect(world.sent.at(-1)).toMatchObject({ type: 'CancelRun', by: 'the-operate', reason: 'stop' });
    expect((await call('operate', 'POST', `${path(slot)}/cancel`, { reason: 'stop' })).body).toMatchObject({
      status: 422,
      rule: 'run-cancelled',
    });
    await world.close(job, slot, 'cancelled', 'stop');
  });

  it('that are not there are 404', async () => {
    const nothing = `${job}@2020-01-01T00:00Z`;
    expect((await call('read', 'GET', path(nothing))).body).toMatchObject({ status: 404, code: 'not-found' });
    expect((await call('read', 'GET', `${path(nothing)}/events`)).status).toBe(404);
    expect((await call('operate', 'POST', `${path(nothing)}/cancel`, { reason: 'x' })).body).toMatchObject({
      status: 404,
      rule: 'run-none',
    });
  });
});

describe('schedules', () => {
  it('are listed, and found by key, alias or short name', async () => {
    const all = ((await call('read', 'GET', '/api/v1/schedules')).body as { schedules: { key: string }[] }).schedules;
    expect(all.map((each) => each.key).sort()).toEqual([...world.service.registry.scheduled.keys()].sort());
    for (const name of ['escrow-release', 'release-escrows', encodeURIComponent(job)]) {
      expect((await call('read', 'GET', `/api/v1/schedules/${name}`)).body).toMatchObject({
        key: job,
        status: 'active',
        schedule: '0 * * * *',
        zone: 'UTC',
        version: 1,
        next: '2026-11-24T07:00:00.000Z',
        unfinished: ['2026-11-24T02:00:00.000Z', '2026-11-24T06:00:00.000Z'],
      });
    }
    expect((await call('read', 'GET', '/api/v1/schedules/giving%2Fnothing')).status).toBe(404);
    expect((await call('read', 'GET', '/api/v1/schedules/nothing')).body).toMatchObject({ status: 400, code: 'job-unknown' });
  });

  it('tell their next slots', async () => {
    const next = async (query: string) => (await call('read', 'GET', `/api/v1/schedules/escrow-release/next${query}`)).body;
    expect(await next('?count=2&from=2026-12-31T23:00:00Z')).toEqual({
      key: job,
      zone: 'UTC',
      slots: ['2026-12-31T23:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    });
    expect(((await next('')) as { slots: string[] }).slots).toHaveLength(10);
    expect(await next('?count=101')).toMatchObject({ status: 400 });
  });

  it('are paused with a reason and an end, resumed, and removed', async () => {
    const act = (verb: string, body: object) => call('operate', 'POST', `/api/v1/schedules/finalize-pools/${verb}`, body);
    expect((await act('pause', { reason: 'repairs', until: '2026-11-24T00:00:00Z' })).body).toMatchObject({
      status: 422,
      rule: 'until-past',
    });
    expect((await act('pause', { reason: 'repairs', until: '2026-11-25T00:00:00Z' })).body).toMatchObject({
      key: 'arcade/finalize-pools',
      status: 'paused',
    });
    expect((await call('read', 'GET', '/api/v1/schedules/finalize-pools')).body).toMatchObject({
      paused: { reason: 'repairs', by: 'the-operate', until: '2026-11-25T00:00:00.000Z' },
    });
    expect((await act('pause', { reason: 'again' })).body).toMatchObject({ status: 422, rule: 'already-paused' });
    expect((await act('resume', { reason: 'done' })).body).toMatchObject({ status: 'active' });
    expect((await act('resume', { reason: 'done' })).body).toMatchObject({ status: 422, rule: 'not-paused' });
    expect((await act('remove', { reason: 'gone' })).body).toMatchObject({ status: 'removed' });
    expect((await act('pause', { reason: 'x' })).body).toMatchObject({ status: 404, rule: 'schedule-unknown' });
  });

  it('are backfilled slot by slot, after a look at the plan', async () => {
    world.clock.set('2026-11-24T07:30:00.000Z');
    const backfill = (body: object) =>
      call('operate', 'POST', '/api/v1/schedules/escrow-release/backfill', {
        from: '2026-11-24T00:00:00Z',
        to: '2026-11-24T07:00:00Z',
        reason: 'the store was full',
        ...body,
      });
    const slots = [0, 2, 6].map((hour) => ({
      slot: `${job}@2026-11-24T0${hour}:00Z~1`,
      at: `2026-11-24T0${hour}:00:00.000Z`,
      was: hour === 0 ? 'skipped' : 'unfinished',
    }));
    const before = world.sent.length;
    expect((await backfill({ dryRun: true })).body).toEqual({ key: job, dryRun: true, slots });
    expect(world.sent.length).toBe(before);
    expect((await backfill({})).body).toEqual({ key: job, dryRun: false, slots });
    expect((await backfill({})).body).toMatchObject({ status: 409, code: 'already-running' });
    expect((await call('read', 'GET', path(slots[0]!.slot))).body).toMatchObject({
      verdict: 'open',
      cause: 'backfill',
      by: 'the-operate',
      reason: 'the store was full',
    });
    await world.close(job, slots[0]!.slot);
    for (const { slot } of slots.slice(1)) {
      await expect.poll(async () => (await call('read', 'GET', path(slot))).status, { timeout: 5_000 }).toBe(200);
      await world.close(job, slot);
    }
    await expect.poll(async () => ((await backfill({ dryRun: true })).body as { slots: object[] }).slots, { timeout: 5_000 }).toEqual([]);
    expect((await backfill({})).body).toEqual({ key: job, dryRun: false, slots: [] });
  });
});
