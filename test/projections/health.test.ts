import { beforeEach, describe, expect, it } from 'vitest';
import type { ScheduleState } from '../../src/contexts/engine/schedule/events.ts';
import { initial } from '../../src/contexts/engine/schedule/evolve.ts';
import { instant, plus } from '../../src/core/instant.ts';
import { constant, type Scheduled } from '../../src/core/job.ts';
import { cron } from '../../src/core/slots.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { healthOf, inWords } from '../../src/projections/health.ts';
import type { Stats } from '../../src/projections/stats.ts';
import { checkHealth, watchHealth } from '../../src/ticker/health-watch.ts';
import { createWorld, type World } from '../api/support/world.ts';
import { noon } from './support.ts';

const minute = 60_000;
const job = 'giving/release-escrows';
const item: Scheduled = {
  name: job,
  title: 'Release',
  schedule: cron('0 * * * *'),
  zone: 'UTC',
  attempts: 1,
  backoff: constant('1s'),
  timeoutMinutes: 1,
  healthyWithinMinutes: 65,
};
const stats = (some: Partial<Stats>): Stats => ({ job, activeFrom: plus(noon, -1_000 * minute), lastSuccessAt: null, ...some }) as Stats;
const paused: ScheduleState = { ...initial, paused: { since: noon, until: null, by: 'ann', reason: 'repairs' } };
const definition = {
  job,
  scope: '',
  schedule: item.schedule,
  zone: 'UTC',
  enabled: false,
  catchUp: 'due',
  overlap: 'queue',
  build: 1,
} as const;
const disabled: ScheduleState = { ...initial, status: 'active', definition };
const ago = (minutes: number): Stats['lastSuccessAt'] => plus(noon, -minutes * minute);

describe('inWords', () => {
  it.each([
    [0, '0 min'],
    [-3, '0 min'],
    [59.4, '59 min'],
    [60, '1 h'],
    [90, '1 h 30 min'],
    [2_879, '47 h 59 min'],
    [2_880, '2 days'],
    [10_000, '6 days'],
  ])('%f minutes are %s', (minutes, words) => {
    expect(inWords(minutes)).toBe(words);
  });
});

describe('health of a job', () => {
  it('is good up to its limit and late beyond it, since the last success', () => {
    expect(healthOf(item, stats({ lastSuccessAt: ago(65), lastVerdict: 'completed' }), null, noon)).toMatchObject({
      status: 'healthy',
      since: null,
    });
    expect(healthOf(item, stats({ lastSuccessAt: ago(90), lastVerdict: 'completed' }), null, noon)).toMatchObject({
      status: 'late',
      since: ago(90),
      message: '25 min late: the last success was 1 h 30 min ago, allowed are 1 h 5 min',
    });
  });

  it('without any run counts from when it became active', () => {
    expect(healthOf(item, stats({ activeFrom: ago(65) }), null, noon)).toMatchObject({
      status: 'healthy',
      message: 'waits for its first slot',
    });
    expect(healthOf(item, stats({ activeFrom: ago(66) }), null, noon)).toMatchObject({
      status: 'never-ran',
      since: ago(66),
      message: 'never ran: active for 1 h 6 min, allowed are 1 h 5 min',
    });
    expect(healthOf(item, null, null, noon)).toMatchObject({ status: 'healthy', message: 'not active yet' });
    expect(healthOf(item, stats({ activeFrom: plus(noon, minute) }), null, noon).status).toBe('healthy');
  });

  it('is failing when its last run failed or timed out, however fresh its last success is; a cancelled run is no failure', () => {
    const fresh = { lastSuccessAt: ago(1), lastFailureAt: ago(0), failingSince: ago(30), failuresInARow: 1 };
    expect(healthOf(item, stats({ ...fresh, lastVerdict: 'failed' }), null, noon)).toMatchObject({
      status: 'failing',
      since: ago(30),
      message: 'its last run failed',
    });
    expect(healthOf(item, stats({ ...fresh, lastVerdict: 'failed', failuresInARow: 3 }), null, noon)).toMatchObject({
      message: 'its last run failed, 3 failures in a row',
    });
    expect(healthOf(item, stats({ ...fresh, lastVerdict: 'timed-out' }), null, noon)).toMatchObject({
      status: 'failing',
      message: 'its last run timed out',
    });
    expect(healthOf(item, stats({ ...fresh, lastVerdict: 'cancelled' }), null, noon).status).toBe('healthy');
  });

  it('is paused or disabled before anything else', () => {
    const bad = stats({ lastSuccessAt: ago(9_000), lastVerdict: 'failed' });
    expect(healthOf(item, bad, paused, noon)).toMatchObject({
      status: 'paused',
      since: noon,
      message: 'paused: repairs',
      nextSlotAt: null,
    });
    expect(healthOf(item, bad, disabled, noon)).toMatchObject({ status: 'disabled', since: null });
    expect(healthOf({ ...item, enabled: false }, null, null, noon).status).toBe('disabled');
  });

  it('is nobody late once its schedule was removed', () => {
    const removed: ScheduleState = { ...disabled, definition: { ...definition, enabled: true }, status: 'removed' };
    expect(healthOf(item, stats({ lastSuccessAt: ago(9_000) }), removed, noon)).toMatchObject({
      status: 'disabled',
      message: 'its schedule was removed',
      nextSlotAt: null,
    });
  });

  it('that was only cancelled so far did run, without success', () => {
    expect(healthOf(item, stats({ activeFrom: ago(90), total: 1, lastVerdict: 'cancelled' }), null, noon)).toMatchObject({
      status: 'never-ran',
      message: 'no run succeeded yet: active for 1 h 30 min, allowed are 1 h 5 min',
    });
  });

  it('says by how much it is late, in the words of a person', () => {
    const daily: Scheduled = { ...item, healthyWithinMinutes: 25 * 60 };
    expect(healthOf(daily, stats({ lastSuccessAt: ago(28 * 60), lastVerdict: 'completed' }), null, noon).message).toBe(
      '3 h late: the last success was 28 h ago, allowed are 25 h',
    );
  });
});

describe('alerts', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
    world.clock.set('2026-11-24T00:00:00.000Z');
    await world.defineAll('2026-11-24T00:00:00.000Z');
  });
  const check = async (at: string): Promise<void> => {
    world.clock.set(at);
    await checkHealth({ ...world.service, commands: world.service.commands });
  };
  const alerts = (): string[] =>
    world.notes.flatMap((note) => (note.kind === 'alert' && note.job === job ? [`${note.alert} ${note.open ? 'open' : 'over'}`] : []));
  const recorded = async (): Promise<string[]> => {
    const { events } = await world.store.read(`engine.health-${job}`);
    return events.map((event) => `${event.type} ${(event.data as { ailment: string }).ailment}`);
  };
  const run = async (hour: string, verdict: string): Promise<void> => {
    const at = instant(`2026-11-24T${hour}:00:00.000Z`);
    world.clock.set(at);
    const slot = `${job}@2026-11-24T${hour}:00Z`;
    await world.tell(`engine.schedule-${job}`, 'OpenSlot', { slot, at, cause: 'schedule' });
    await world.close(job, slot, verdict);
  };

  it('one alert per incident, one recovery, however often it is looked at', async () => {
    await check('2026-11-24T01:00:00.000Z');
    expect([alerts(), await recorded()]).toEqual([[], []]);
    for (const at of ['01:06', '01:07', '03:00']) await check(`2026-11-24T${at}:00.000Z`);
    expect([alerts(), await recorded()]).toEqual([['never-ran open'], ['AlertRaised never-ran']]);
    await run('04', 'completed');
    for (const at of ['04:01', '04:02', '05:05']) await check(`2026-11-24T${at}:00.000Z`);
    expect(alerts()).toEqual(['never-ran open', 'never-ran over']);
    for (const at of ['05:06', '09:00']) await check(`2026-11-24T${at}:00.000Z`);
    expect(alerts()).toEqual(['never-ran open', 'never-ran over', 'late open']);
    expect(await recorded()).toEqual(['AlertRaised never-ran', 'AlertCleared never-ran', 'AlertRaised late']);
  });

  it('one ailment that becomes another ends the first', async () => {
    await run('01', 'completed');
    await check('2026-11-24T02:30:00.000Z');
    await run('03', 'failed');
    for (const at of ['03:01', '03:02']) await check(`2026-11-24T${at}:00.000Z`);
    await run('04', 'completed');
    await check('2026-11-24T04:01:00.000Z');
    expect(alerts()).toEqual(['late open', 'late over', 'failing open', 'failing over']);
    expect(await recorded()).toEqual(['AlertRaised late', 'AlertCleared late', 'AlertRaised failing', 'AlertCleared failing']);
  });

  it('a pause ends the alert of a late job', async () => {
    await check('2026-11-24T02:00:00.000Z');
    await world.tell(`engine.schedule-${job}`, 'PauseSchedule', { until: null }, { reason: 'repairs' });
    await check('2026-11-24T02:01:00.000Z');
    expect(alerts()).toEqual(['never-ran open', 'never-ran over']);
  });

  it('a restart raises nothing again, also while its read models are behind the log', async () => {
    await check('2026-11-24T01:06:00.000Z');
    expect(alerts()).toEqual(['never-ran open']);
    const { readModels } = world.service;
    const behind: ReadModels = {
      ...readModels,
      get: async (table, keys) => (String(keys[0]).startsWith('engine.health-') ? keys.map(() => null) : readModels.get(table, keys)),
    };
    await checkHealth({ ...world.service, readModels: behind });
    await checkHealth(world.service);
    expect([alerts(), await recorded()]).toEqual([['never-ran open'], ['AlertRaised never-ran']]);
  });

  it('a job whose report fails keeps no other back', async () => {
    world.clock.set('2026-11-27T09:00:00.000Z');
    const { commands } = world.service;
    const send: typeof commands.send = async (command) => {
      if (command.to === `engine.health-${job}`) throw new Error('no answer');
      return commands.send(command);
    };
    await checkHealth({ ...world.service, commands: { ...commands, send } });
    const told = world.notes.flatMap((note) => (note.kind === 'alert' ? [note.job] : []));
    expect(told).toEqual([...world.service.registry.scheduled.keys()].filter((name) => name !== job));
    expect(told).toContain('quiz/update-streaks');
    expect(world.notes).toContainEqual({ kind: 'log', level: 'warn', scope: 'health', message: 'no answer', facts: { job } });
  });

  it('an ailment that gives way to another is not told as a recovery', async () => {
    await run('01', 'completed');
    await check('2026-11-24T02:30:00.000Z');
    await run('03', 'failed');
    await check('2026-11-24T03:01:00.000Z');
    const over = world.notes.flatMap((note) => (note.kind === 'alert' && note.job === job && !note.open ? [note.message] : []));
    expect(over).toEqual([`${job} is no longer late (its last run failed)`]);
  });

  it('are looked for once a minute, until it is stopped', async () => {
    world.clock.set('2026-11-24T01:06:00.000Z');
    const stopping = new AbortController();
    const waits: number[] = [];
    const sleep = async (ms: number): Promise<void> => {
      waits.push(ms);
      if (waits.length === 3) stopping.abort();
    };
    await watchHealth({ ...world.service, clock: { ...world.clock, sleep } }, stopping.signal);
    expect([waits, alerts()]).toEqual([[60_000, 60_000, 60_000], ['never-ran open']]);
  });
});
