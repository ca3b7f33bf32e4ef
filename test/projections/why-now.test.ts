import { beforeEach, describe, expect, it } from 'vitest';
import type { Wish } from '../../src/core/command.ts';
import type { Context } from '../../src/core/context.ts';
import { defineDecider, ignore } from '../../src/core/decider.ts';
import type { DomainEvent, StreamName } from '../../src/core/event.ts';
import { itemStream } from '../../src/core/ids.ts';
import { type Instant, instant } from '../../src/core/instant.ts';
import { defineJob } from '../../src/core/job.ts';
import { buildRegistry } from '../../src/core/registry.ts';
import { cron } from '../../src/core/slots.ts';
import { why } from '../../src/projections/why.ts';
import { formatWhy } from '../../src/projections/why-format.ts';
import { nowOf } from '../../src/projections/why-now.ts';
import { createWorld, type World } from '../api/support/world.ts';

const job = 'giving/release-escrows';
const schedule = `engine.schedule-${job}`;
const escrow: StreamName = 'giving.escrow-e1';
const dueAt = '2026-11-22T13:12:00.001Z';

let world: World;
beforeEach(async () => {
  world = await createWorld();
  world.clock.set('2026-11-20T13:12:00.000Z');
  await world.defineAll('2026-11-20T13:12:00.000Z');
  await world.tell(escrow, 'SendDonation', { donor: 'd1', recipient: 'r1', cents: 2_500 });
  await world.tell(escrow, 'ConfirmReceipt', {});
});

const runSlot = async (key: string, at: string): Promise<void> => {
  world.clock.set(at);
  const slot = `${key}@${at.slice(0, 16)}Z`;
  await world.tell(`engine.schedule-${key}`, 'OpenSlot', { slot, at, cause: 'schedule' });
  await world.close(key, slot);
};
const now = async () => (await why(world.service, escrow)).now;
const lastLine = async () => formatWhy(await why(world.service, escrow)).at(-1);

describe('an actor that did not change', () => {
  it('was not due yet at the last slot', async () => {
    await runSlot(job, '2026-11-21T14:00:00.000Z');
    expect((await now()).jobs).toEqual([{ job, rule: 'not-due', dueAt, facts: null, lastSlot: `${job}@2026-11-21T14:00Z` }]);
    expect(await lastLine()).toBe(`  now: ${job} not due until 2026-11-22 13:12:00.001Z; last slot 2026-11-21T14:00Z`);
  });

  it('is left alone by a paused job, and its state is as it was recorded', async () => {
    await world.tell(schedule, 'PauseSchedule', { until: null }, { reason: 'repairs' });
    world.clock.set('2026-11-24T00:00:00.000Z');
    expect(await now()).toMatchObject({
      state: { status: 'holding' },
      next: { job, at: dueAt },
      jobs: [{ job, rule: 'paused', dueAt, facts: { reason: 'repairs' } }],
    });
    expect(await lastLine()).toBe(`  now: ${job} paused (since 2026-11-20 13:12Z, reason repairs), due since 2026-11-22 13:12:00.001Z`);
  });

  it('is parked under its job', async () => {
    const failure = { job, about: escrow, message: 'the bank is closed', attempts: 1, nextAt: dueAt, build: 1 };
    await world.tell(itemStream(job, escrow), 'ReportFailure', failure);
    world.clock.set('2026-11-24T00:00:00.000Z');
    expect(await now()).toMatchObject({
      state: { status: 'holding' },
      jobs: [{ rule: 'parked', facts: { message: 'the bank is closed' } }],
    });
    expect(await lastLine()).toContain('parked (message the bank is closed, attempt 1), due since');
  });

  it('that is settled by now waits for nothing', async () => {
    world.clock.set('2026-11-24T00:00:00.000Z');
    expect((await now()).jobs).toEqual([{ job, rule: 'nothing-due', dueAt: null, facts: null, lastSlot: null }]);
    expect(await lastLine()).toBe('  now: nothing due');
  });
});

type ToyState = { readonly dueAt: Instant | null; readonly broken: boolean };
const at = instant('2026-11-23T00:00:00.000Z');
const toy = defineDecider<ToyState, Wish<'DoToy', null>, DomainEvent<'ToyDone', null>>({
  category: 'toy.thing',
  initial: { dueAt: at, broken: false },
  events: ['ToyDone'],
  decide: (_command, { broken }) => {
    if (broken) throw new Error('a wheel is off');
    return ignore('too-small', { size: 1 });
  },
  evolve: (state) => state,
});
const definition = (takesEffect: 'at-due' | 'at-tick', observe = false) =>
  defineJob({
    name: 'toy/do-things',
    title: 'Toys',
    schedule: cron('0 * * * *'),
    healthyWithinMinutes: 65,
    takesEffect,
    actor: toy,
    dueAt: (state) => state.dueAt,
    command: (_id, asOf) => ({ type: 'DoToy', data: null, asOf }),
    ...(observe ? { observe: async () => null } : {}),
  });

describe('a job that a tick does', () => {
  const standing = async (one: ReturnType<typeof definition>, state: ToyState, later = false) => {
    const context: Context = { name: 'toy', deciders: [toy], jobs: [one] };
    const registry = buildRegistry([context]);
    if (later) {
      const plain = {
        job: one.name,
        scope: '',
        schedule: cron('0 * * * *'),
        zone: 'UTC',
        enabled: true,
        catchUp: 'latest',
        overlap: 'skip',
      };
      await world.tell(`engine.schedule-${one.name}`, 'DefineSchedule', { definition: { ...plain, build: 1 }, activeFrom: at });
      await runSlot(one.name, '2026-11-23T01:00:00.000Z');
    }
    world.clock.set('2026-11-23T01:30:00.000Z');
    return (await nowOf({ ...world.service, registry }, registry.deciders.get('toy.thing')!, 'toy.thing-1', { state, asOf: null })).jobs[0];
  };

  it('tells the rule by which the last slot let it be', async () => {
    const lastSlot = 'toy/do-things@2026-11-23T01:00Z';
    expect(await standing(definition('at-tick'), toy.initial, true)).toMatchObject({ rule: 'too-small', facts: { size: 1 }, lastSlot });
    expect(await standing(definition('at-tick'), { ...toy.initial, broken: true })).toMatchObject({
      rule: 'failing',
      facts: { message: 'a wheel is off' },
    });
  });

  it('is only due before its first slot, and when it has to look outside', async () => {
    expect(await standing(definition('at-tick'), toy.initial)).toMatchObject({ rule: 'due', dueAt: at, lastSlot: null });
    expect(await standing(definition('at-tick', true), toy.initial, true)).toMatchObject({ rule: 'due' });
  });

  it('whose code throws while it settles is told with its message, and costs no explanation', async () => {
    expect(await standing(definition('at-due'), { ...toy.initial, broken: true })).toMatchObject({
      rule: 'failing',
      facts: { message: 'a wheel is off' },
    });
  });
});
