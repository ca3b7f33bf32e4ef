import { expect, it, onTestFinished } from 'vitest';
import { accept, type DomainEvent, defineContext, defineDecider, defineReactor, type Instant, reject, type Wish } from '../../src/index.ts';
import { caughtUp } from '../../src/projections/caught-up.ts';
import { dueIndexName } from '../../src/projections/due-index.ts';
import { actorRow } from '../../src/projections/due-queries.ts';
import { listParked, type ParkedRow } from '../../src/projections/parked.ts';
import { why } from '../../src/projections/why.ts';
import { virtualWorld } from '../support/virtual.ts';

type Bulb = { fuse: boolean; lights: number };
type BulbEvent = DomainEvent<'BulbLit', { by: string }> | DomainEvent<'FuseSet', Record<string, never>>;
type BulbCommand = Wish<'LightBulb', { by: string }> | Wish<'SetFuse', Record<string, never>>;

/** A switch whose reactor lights a bulb; the bulb refuses without a fuse. */
const houseWith = (bend: { react?: () => never }) => {
  const flip = defineDecider<{ n: number }, Wish<'FlipSwitch', Record<string, never>>, DomainEvent<'SwitchFlipped', { n: number }>>({
    category: 'house.switch',
    initial: { n: 0 },
    events: ['SwitchFlipped'],
    decide: (_command, state) => accept('flipped', [{ type: 'SwitchFlipped', data: { n: state.n + 1 } }]),
    evolve: (_state, event) => ({ n: event.data.n }),
  });
  const bulb = defineDecider<Bulb, BulbCommand, BulbEvent>({
    category: 'house.bulb',
    initial: { fuse: false, lights: 0 },
    events: ['BulbLit', 'FuseSet'],
    decide: (command, state) => {
      if (command.type === 'SetFuse') return accept('fuse-set', [{ type: 'FuseSet', data: {} }]);
      return state.fuse ? accept('lit', [{ type: 'BulbLit', data: command.data }]) : reject('no-fuse');
    },
    evolve: (state, event) => (event.type === 'FuseSet' ? { ...state, fuse: true } : { ...state, lights: state.lights + 1 }),
  });
  const wire = defineReactor<DomainEvent<'SwitchFlipped', { n: number }>>({
    name: 'house/wire',
    on: ['SwitchFlipped'],
    targets: ['house.bulb'],
    react: (event) => {
      bend.react?.();
      return [
        { to: 'house.bulb-a', type: 'LightBulb', data: { by: event.stream }, key: 'a' },
        { to: 'house.bulb-b', type: 'LightBulb', data: { by: event.stream }, key: 'b' },
      ];
    },
  });
  return defineContext('house', {}, () => ({ deciders: [flip, bulb], reactors: [wire] }));
};

const start = '2026-01-05T10:00:00.000Z' as Instant;

const worldWith = async (bend: { react?: () => never } = {}) => {
  const world = virtualWorld(start, [houseWith(bend)]);
  await world.begin(true);
  onTestFinished(() => world.stop());
  let n = 0;
  const ask = (to: string, type: string, reason?: string) =>
    world.ask({ id: `c${++n}`, to, type, data: {}, ...(reason === undefined ? {} : { reason, by: 'ann' }) });
  /** What is parked once `count` items are. */
  const parkedUntil = async (count: number): Promise<readonly ParkedRow[]> => {
    for (;;) {
      await caughtUp(world, [dueIndexName, 'parked']);
      const rows = await listParked(world.readModels, { limit: 10 });
      if (rows.length === count) return rows;
      await world.clock.sleep(2);
    }
  };
  const itemUntil = async (id: string, status: string): Promise<void> => {
    for (;;) {
      await caughtUp(world, [dueIndexName]);
      if (((await actorRow(world.readModels, id))?.state as { status?: string } | undefined)?.status === status) return;
      await world.clock.sleep(2);
    }
  };
  const eventsUntil = async (type: string, count: number): Promise<void> => {
    while ((await world.events()).filter((event) => event.type === type).length < count) await world.clock.sleep(2);
  };
  const lit = async (): Promise<string[]> => (await world.events()).filter((event) => event.type === 'BulbLit').map(({ stream }) => stream);
  return { world, ask, parkedUntil, itemUntil, eventsUntil, lit };
};

it('a refused reaction is parked; when its cause is mended, the replay sends its command anew, once, and only that one', async () => {
  const { world, ask, parkedUntil, itemUntil, eventsUntil, lit } = await worldWith();
  await ask('house.bulb-a', 'SetFuse');
  // Bulb b exists, so its refusal is remembered under the command's id.
  await world.store.append({
    stream: 'house.bulb-b',
    expected: 'no-stream',
    events: [
      {
        id: 'old',
        type: 'BulbLit',
        data: { by: 'old' },
        metadata: { correlationId: 'old', causationId: 'old', asOf: start, rule: 'lit', schema: '1' },
      },
    ],
  });
  await ask('house.switch-1', 'FlipSwitch');
  const [parked] = await parkedUntil(1);
  expect(parked).toMatchObject({ job: 'house/wire', about: 'house.bulb-b', message: 'LightBulb: rejected by rule no-fuse' });

  // Nothing has been mended: it comes back.
  await ask(parked!.id, 'ReplayItem', 'try again');
  await eventsUntil('ItemParked', 2);
  expect(await lit()).toEqual(['house.bulb-b', 'house.bulb-a']);

  await ask('house.bulb-b', 'SetFuse');
  await ask(parked!.id, 'ReplayItem', 'the fuse is in');
  await itemUntil(parked!.id, 'recovered');
  await parkedUntil(0);
  expect(await lit()).toEqual(['house.bulb-b', 'house.bulb-a', 'house.bulb-b']);
  const replayed = (await world.events()).findLast((event) => event.type === 'BulbLit')!;
  expect(replayed.metadata).toMatchObject({ by: 'ann', reason: 'the fuse is in', asOf: start });
  const { changes } = await why(world, 'house.switch-1');
  expect(changes[0]!.followed.map(({ stream }) => stream)).toEqual(['house.bulb-a', 'house.bulb-b']);
});

it('a reactor that threw is asked again; a replay that a crash cut short is taken up at the next start', async () => {
  const bend: { react?: () => never } = {
    react: () => {
      throw new Error('short circuit');
    },
  };
  const { world, ask, parkedUntil, itemUntil, lit } = await worldWith(bend);
  await ask('house.bulb-a', 'SetFuse');
  await ask('house.bulb-b', 'SetFuse');
  await ask('house.switch-1', 'FlipSwitch');
  const [parked] = await parkedUntil(1);
  expect(parked).toMatchObject({ about: 'house.switch-1', message: 'SwitchFlipped: short circuit' });
  await world.stop();
  // As if the owner had died right after the replay was recorded.
  const head = await world.store.read(parked!.id as never, { backwards: true, limit: 1 });
  await world.store.append({
    stream: parked!.id as never,
    expected: head.events[0]!.revision,
    events: [
      {
        id: 'replay',
        type: 'ItemReplayed',
        data: { at: start },
        metadata: { correlationId: 'r', causationId: 'r', asOf: start, rule: 'replayed', schema: '1' },
      },
    ],
  });
  delete bend.react;
  await world.begin(true);
  await itemUntil(parked!.id, 'recovered');
  expect((await lit()).sort()).toEqual(['house.bulb-a', 'house.bulb-b']);
});

it('the replay of a reaction whose event was erased says so and stays parked', async () => {
  const { world, ask, parkedUntil, eventsUntil } = await worldWith();
  await ask('house.bulb-a', 'SetFuse');
  await ask('house.switch-1', 'FlipSwitch');
  const [parked] = await parkedUntil(1);
  await world.store.erase('house.switch-1');
  await ask(parked!.id, 'ReplayItem', 'try again');
  await eventsUntil('ItemParked', 2);
  await caughtUp(world, ['parked']);
  expect((await parkedUntil(1))[0]!.message).toContain('house.switch-1 was erased');
});
