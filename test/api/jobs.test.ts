import { describe, expect, it } from 'vitest';
import { createApi } from './support/api.ts';

const api = await createApi();
const { world, call } = api;
await world.defineAll();

const releases = 'giving/release-escrows';

/** Runs of a job that end as told, ten seconds apart. */
const play = async (verdicts: readonly string[]): Promise<void> => {
  for (const [index, verdict] of verdicts.entries()) {
    const at = new Date(Date.parse('2026-11-24T01:00:00Z') + index * 10_000).toISOString();
    world.clock.set(at);
    const slot = `${releases}@manual-run-${index}`;
    await world.tell(`engine.schedule-${releases}`, 'OpenSlot', { slot, at, cause: 'manual' });
    await world.close(releases, slot, verdict, verdict === 'completed' ? null : 'the store was full');
  }
};

await play([...Array.from({ length: 40 }, () => 'completed'), 'failed', 'timed-out']);

describe('GET /api/v1/jobs/status (A6)', () => {
  it('has the shape and the figures of the source, over all runs', async () => {
    const { status, body } = await call('read', 'GET', '/api/v1/jobs/status');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: true,
      data: { stats: { totalExecutions: 42, successfulExecutions: 40, failedExecutions: 2, successRate: 95.24 } },
    });
    const { recentExecutions } = (body as { data: { recentExecutions: object[] } }).data;
    expect(recentExecutions).toHaveLength(10);
    expect(recentExecutions[0]).toMatchObject({
      name: releases,
      startedAt: '2026-11-24T01:06:50.000Z',
      completedAt: '2026-11-24T01:06:50.000Z',
      success: false,
      durationMs: 1200,
      error: 'the store was full',
    });
    expect(recentExecutions[2]).toMatchObject({ success: true });
    expect(recentExecutions[2]).not.toHaveProperty('error');
  });

  it('lists every job with lastRun, nextRun, lastResult, isRunning and health (X5)', async () => {
    const { body } = await call('read', 'GET', '/api/v1/jobs/status');
    const { jobs } = (body as { data: { jobs: { name: string }[] } }).data;
    expect(jobs.map((job) => job.name)).toEqual([...world.service.registry.scheduled.keys()]);
    expect(jobs.find((job) => job.name === releases)).toMatchObject({
      aliases: ['escrow-release'],
      schedule: '0 * * * *',
      zone: 'UTC',
      enabled: true,
      paused: null,
      isRunning: false,
      lastRun: '2026-11-24T01:06:50.000Z',
      nextRun: expect.stringMatching(/:00:00\.000Z$/),
      lastResult: { success: false, verdict: 'timed-out' },
      health: 'failing',
      runs: 42,
      failures: 2,
    });
  });
});

describe('GET /api/v1/jobs/history (A8, A9)', () => {
  it.each([
    ['', 20],
    ['?limit=42', 42],
    ['?limit=100', 42],
    ['?job=escrow-release&limit=5', 5],
    ['?job=arcade%2Ffinalize-pools', 0],
  ])('%s gives %i, newest first', async (query, count) => {
    const { body } = await call('read', 'GET', `/api/v1/jobs/history${query}`);
    const { success, data } = body as { success: boolean; data: { executions: { startedAt: string }[]; count: number } };
    expect([success, data.count, data.executions.length]).toEqual([true, count, count]);
    expect(data.executions.map((run) => run.startedAt)).toEqual(
      data.executions
        .map((run) => run.startedAt)
        .sort()
        .reverse(),
    );
  });

  it.each(['?limit=101', '?limit=0', '?limit=x', '?limit=1.5', '?limt=1', '?limit=1&limit=2', '?job=nope'])(
    'refuses %s, with success: false',
    async (query) => {
      const { status, body } = await call('read', 'GET', `/api/v1/jobs/history${query}`);
      expect([status, (body as { success: boolean }).success]).toEqual([400, false]);
    },
  );
});

describe('POST /api/v1/jobs/trigger/:jobName (A7, X4, X6)', () => {
  it.each(['escrow-release', 'release-escrows', encodeURIComponent(releases)])(
    'opens a slot by the name %s, durable when answered',
    async (name) => {
      const { status, body } = await call('operate', 'POST', `/api/v1/jobs/trigger/${name}`, { reason: 'a look' });
      const { slot, run } = body as { slot: string; run: string };
      expect(status).toBe(200);
      expect(body).toEqual({
        success: true,
        message: `Job '${decodeURIComponent(name)}' triggered successfully`,
        slot: expect.stringMatching(/^giving\/release-escrows@manual-/),
        run: `/api/v1/runs/${encodeURIComponent(slot)}`,
      });
      expect((await call('read', 'GET', run)).body).toMatchObject({
        slot,
        cause: 'manual',
        by: 'the-operate',
        reason: 'a look',
        verdict: 'open',
      });
      await world.close(releases, slot);
    },
  );

  it('answers 409 while the job runs, and never opens two', async () => {
    const first = await call('operate', 'POST', '/api/v1/jobs/trigger/escrow-release');
    const again = await call('operate', 'POST', '/api/v1/jobs/trigger/escrow-release', {});
    expect([first.status, again.status]).toEqual([200, 409]);
    expect(again.body).toMatchObject({ success: false, code: 'already-running', facts: { slot: (first.body as { slot: string }).slot } });
    await world.close(releases, (first.body as { slot: string }).slot);
  });

  it('answers 400 to an unknown name, as the source does', async () => {
    const { status, headers, body } = await call('operate', 'POST', '/api/v1/jobs/trigger/nope');
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(body).toMatchObject({ success: false, code: 'job-unknown', type: '/errors/job-unknown', detail: 'No job is named "nope"' });
  });

  it('opens a past slot once more, only where it did not complete and is aligned', async () => {
    world.clock.set('2026-11-24T03:00:00.000Z');
    const slot = `${releases}@2026-11-24T02:00Z`;
    await world.tell(`engine.schedule-${releases}`, 'OpenSlot', { slot, at: '2026-11-24T02:00:00.000Z', cause: 'schedule' });
    await world.close(releases, slot, 'failed', 'no');
    const trigger = (body: object) => call('operate', 'POST', '/api/v1/jobs/trigger/escrow-release', body);
    expect((await trigger({ at: '2026-11-24T02:00:30Z' })).body).toMatchObject({ status: 400, code: 'slot-unaligned', success: false });
    expect((await trigger({ at: '2026-11-24T04:00:00Z' })).body).toMatchObject({ status: 400, code: 'slot-future', success: false });
    expect((await trigger({ at: '2026-11-23T02:00:00Z' })).body).toMatchObject({
      status: 422,
      code: 'rejected',
      rule: 'not-open-for-backfill',
    });
    expect((await trigger({ at: 'yesterday' })).body).toMatchObject({ status: 400, code: 'instant-invalid' });
    expect((await trigger({ at: '2026-11-24T02:00:00Z' })).body).toMatchObject({ success: true, slot: `${slot}~1` });
    await world.close(releases, `${slot}~1`);
  });

  it('only shows what would change with dryRun, also in the future', async () => {
    const before = await world.store.head();
    const { body } = await call('operate', 'POST', '/api/v1/jobs/trigger/escrow-release', { dryRun: true, at: '2026-12-24T00:00:00Z' });
    expect(body).toMatchObject({ success: true, simulation: { job: releases, asOf: '2026-12-24T00:00:00.000Z', due: 0, changed: 0 } });
    expect(await world.store.head()).toBe(before);
  });

  it('takes no amount, recipient or other field', async () => {
    const { body } = await call('operate', 'POST', '/api/v1/jobs/trigger/escrow-release', { cents: 5 });
    expect(body).toMatchObject({ status: 400, success: false, detail: 'cents is not a known field' });
  });
});

describe('POST /v1/admin/jobs/trigger (C7)', () => {
  it('does the same for {"jobType"}, for admins', async () => {
    expect((await call('operate', 'POST', '/v1/admin/jobs/trigger', { jobType: 'escrow-release' })).body).toMatchObject({
      status: 403,
      success: false,
    });
    const { body } = await call('admin', 'POST', '/v1/admin/jobs/trigger', { jobType: 'escrow-release' });
    expect(body).toMatchObject({ success: true, message: "Job 'escrow-release' triggered successfully" });
    expect((await call('admin', 'POST', '/v1/admin/jobs/trigger', { jobType: 'nope' })).body).toMatchObject({
      status: 400,
      success: false,
      code: 'job-unknown',
    });
  });
});
