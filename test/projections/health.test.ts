import { beforeEach, describe, expect, it } from 'vitest';
import type { ScheduleState } from '../../src/contexts/engine/schedule/events.ts';
import { initial } from '../../src/contexts/engine/schedule/evolve.ts';
import { instant, plus } from '../../src/core/instant.ts';
import { constant, type Scheduled } from '../../src/core/job.ts';
import { cron } from '../../src/core/slots.ts';
import { healthOf, inWords } from '../../src/projections/health.ts';
import type { StatsRow } from '../../src/projections/run-queries.ts';
import { checkHealth } from '../../src/ticker/health-watch.ts';
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
const stats = (some: Partial<StatsRow>): StatsRow =>
  ({ job, activeFrom: plus(noon, -1_000 * minute), lastSuccessAt: null, ...some }) as StatsRow;
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
const ago = (minutes: number): StatsRow['lastSuccessAt'] => plus(noon, -minutes * minute);

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
    const fresh = { lastSuccessAt: ago(1), lastFailureAt: ago(0) };
    expect(healthOf(item, stats({ ...fresh, lastVerdict: 'failed' }), null, noon)).toMatchObject({
      status: 'failing',
      since: noon,
      message: 'its last run failed',
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
});
