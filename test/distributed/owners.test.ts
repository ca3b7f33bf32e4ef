import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryBroker } from '../../src/adapters/memory/broker.ts';
import { openPostgresEventStore, openPostgresReadModels, openPostgresVault } from '../../src/adapters/postgres/index.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createSystemIds } from '../../src/adapters/system/ids.ts';
import type { Command } from '../../src/core/command.ts';
import { definitionOf } from '../../src/core/definition.ts';
import type { StreamName } from '../../src/core/event.ts';
import { scheduleKey, scheduleStream, scopeOfKey, slotId } from '../../src/core/ids.ts';
import { fromMs, type Instant, toMs } from '../../src/core/instant.ts';
import type { Json } from '../../src/core/json.ts';
import { type Engine, startEngine } from '../../src/engine.ts';
import { alone } from '../../src/ports/cluster.ts';
import { hasPostgres, type PrivatePostgres, startPostgres } from '../support/postgres.ts';
import { registryOf } from '../support/virtual.ts';
import { beat, eachSecond } from './beat.config.ts';
import { follow } from './follow.ts';

const owners = 4;
const slots = 300;
const wave = 10;

const clock = createSystemClock();
const ids = createSystemIds();

const startOfMinute = (): Instant => fromMs(Math.floor(toMs(clock.now()) / 60_000) * 60_000);

describe.skipIf(!hasPostgres)('four owners of the same partitions', () => {
  let server: PrivatePostgres;
  let url: string;
  const closers: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase();
  }, 60_000);
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
    await server?.stop();
  }, 60_000);

  /** Each has a broker of its own and so believes that everything is its: only the expected revision keeps them apart. */
  const startOwner = async (projections: boolean): Promise<Engine> => {
    const store = await openPostgresEventStore({ url, clock });
    const readModels = await openPostgresReadModels({ url });
    const vault = await openPostgresVault({ url });
    const broker = createMemoryBroker({ clock });
    const lead = async () => ({ lost: new AbortController().signal, release: async () => undefined });
    const engine = await startEngine({
      registry: registryOf([beat]),
      store,
      readModels,
      vault,
      broker,
      clock,
      ids,
      observers: { note: () => undefined },
      build: 1,
      partitions: 4,
      settings: {},
      roles: { ticker: false, handles: ['engine', 'beat'], projections },
      cluster: { ...alone(4), shared: true, lead },
      keepRunsDays: 90,
    });
    closers.push(async () => {
      await engine.stop();
      await broker.close();
      await vault.close();
      await readModels.close();
      await store.close();
    });
    return engine;
  };

  const order = (to: StreamName, type: string, data: unknown): Command => ({
    id: ids.next(),
    to,
    type,
    data: data as Json,
    asOf: clock.now(),
    by: 'test',
  });

  it('300 slots that each of them opens: 300 openings', { timeout: 120_000 }, async () => {
    const engines = await Promise.all(Array.from({ length: owners }, (_, nth) => startOwner(nth === 0)));
    const at = startOfMinute();
    const keys = Array.from({ length: slots }, (_, nth) => scheduleKey(eachSecond.name, `s${nth}`));
    const definitions = keys.map((key) => {
      const definition = { ...definitionOf(eachSecond, 1), scope: scopeOfKey(key) };
      return order(scheduleStream(key), 'DefineSchedule', { definition, activeFrom: at });
    });
    expect((await engines[0]!.commands.sendMany(definitions)).map(({ kind }) => kind)).toEqual(keys.map(() => 'accepted'));

    /** Asks until the slot is open or decided: an owner that lost too often in a row says so. */
    const open = async ({ commands }: Engine, key: string): Promise<boolean> => {
      const command = order(scheduleStream(key), 'OpenSlot', { slot: slotId(key, at), at, cause: 'schedule' });
      for (;;) {
        const answer = await commands.send(command);
        if (answer.kind === 'accepted') return answer.rule === 'schedule';
        if (answer.kind !== 'failed') return false;
        expect(answer.code).toBe('conflict-exhausted');
      }
    };
    // A few at a time, and another one asks first each time: else the first batch of the first takes them all.
    const won = engines.map(() => 0);
    for (let first = 0; first < slots; first += wave) {
      const contested = keys.slice(first, first + wave);
      const asking = engines.map((_, nth) => (nth + first / wave) % owners);
      const tries = asking.flatMap((nth) => contested.map(async (key) => ((await open(engines[nth]!, key)) ? [nth] : [])));
      for (const winner of (await Promise.all(tries)).flat()) won[winner]! += 1;
    }
    expect(won.filter((each) => each > 0).length).toBeGreaterThan(1);
    expect(won.reduce((sum, each) => sum + each, 0)).toBe(slots);
    const store = await openPostgresEventStore({ url, clock });
    closers.push(() => store.close());
    const closed = (type: string): boolean => type === 'SlotClosed';
    const events = await follow(store, 90_000, (seen) => seen.filter(({ type }) => closed(type)).length >= slots);
    for (const type of ['SlotOpened', 'SlotClosed', 'RunOpened']) {
      const streams = events.filter((event) => event.type === type).map(({ stream }) => stream);
      expect([type, streams.length, new Set(streams).size]).toEqual([type, slots, slots]);
    }
    console.log(`openings won by each of four owners: ${won.join(', ')}`);
  });
});
