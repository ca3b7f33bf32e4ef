import { existsSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import type { StreamName } from '../../src/core/event.ts';
import { defineProjection, type Projection } from '../../src/core/projection.ts';
import type { LogPage } from '../../src/ports/event-store.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { type RebuildDeps, rebuild, verify } from '../../src/projections/rebuild.ts';
import { randomOf } from '../laws/random.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { allPassed, beginTail, counter, countsOf, openLog, positionOf } from './support.ts';

const a = counter('a');
/** Concerns one category and one type: the store leaves out the rest. */
const narrow = defineProjection({ ...counter('narrow'), categories: ['x.y'], types: ['Said'] });

const begin = async (log = openLog(), projections: readonly Projection[] = [a, narrow]) => {
  const tail = await beginTail(log, projections);
  const deps: RebuildDeps = { store: log.store, readModels: log.readModels, projections, tail };
  return { log, deps };
};
const say = async (log: ReturnType<typeof openLog>, times: number, stream = 'x.y-1'): Promise<void> => {
  for (let event = 0; event < times; event++) await log.say(stream);
};
/** Writes into the live rows past the log. */
const tamper = async ({ readModels }: ReturnType<typeof openLog>, name: string): Promise<void> => {
  const at = (await readModels.checkpoint(name))!;
  const row = { stream: 'x.y-1', times: 99, last: {} };
  const puts = [{ table: `${name}_counts`, row }];
  await readModels.commit({ projection: name, build: 'live', puts, removes: [], removeWheres: [], previous: at, next: at });
};
/** A store that does something before each page of a whole read. */
const beforePage = (log: ReturnType<typeof openLog>, look: (page: number) => Promise<void> | void, size = 10) => {
  let page = 0;
  async function* readAll(...[range]: Parameters<typeof log.store.readAll>): AsyncGenerator<LogPage> {
    for await (const each of log.store.readAll({ ...range, pageSize: size })) {
      await look(page++);
      yield each;
    }
  }
  return { ...log.store, readAll };
};
const left = (readModels: ReadModels, name: string, stream = 'x.y-1') => readModels.get(`${name}_counts`, [[stream]], 'rebuild');

it('verify tells that both are equal, and what they are; a difference shows, and a rebuild mends it', async () => {
  const { log, deps } = await begin();
  await say(log, 3);
  await log.say('z.z-1');
  await allPassed(log, ['a', 'narrow']);
  for (const name of ['a', 'narrow']) {
    const equal = await verify(deps, name);
    expect(equal).toMatchObject({ equal: true, live: equal.rebuilt });
    await tamper(log, name);
    expect(await verify(deps, name)).toMatchObject({ equal: false, rebuilt: equal.rebuilt });
    expect(await countsOf(log.readModels, name)).toContain('x.y-1 99');
    expect(await rebuild(deps, name)).toEqual({ events: name === 'a' ? 4 : 3, hash: equal.rebuilt });
    expect(await countsOf(log.readModels, name)).toContain('x.y-1 3');
  }
});

it('an empty log, and a projection of nobody', async () => {
  const { deps } = await begin();
  expect(await verify(deps, 'a')).toMatchObject({ equal: true });
  expect(await rebuild(deps, 'a')).toMatchObject({ events: 0 });
  await expect(rebuild(deps, 'nobody')).rejects.toMatchObject({ code: 'not-found' });
  await expect(verify(deps, 'nobody')).rejects.toMatchObject({ code: 'not-found' });
});

it('tells how far it is, never backwards, up to the end', async () => {
  const { log, deps } = await begin();
  await say(log, 25);
  await allPassed(log, ['a', 'narrow']);
  const told: number[][] = [];
  await rebuild({ ...deps, store: beforePage(log, () => undefined) }, 'a', (done, total) => void told.push([done, total]));
  expect(told).toEqual([
    [10, 25],
    [20, 25],
    [25, 25],
  ]);
});

it('what comes while it goes on is taken in, in rounds, before the live rows are held still', async () => {
  const { log, deps } = await begin();
  await say(log, 1_200);
  await allPassed(log, ['a']);
  let held = 0;
  let inPause = false;
  const store = beforePage(
    log,
    async (page) => {
      if (inPause) held += 1;
      if (page === 0) await say(log, 1_100);
      await allPassed(log, ['a']);
    },
    1_000,
  );
  const tail = {
    paused: <T>(name: string, work: () => Promise<T>): Promise<T> =>
      deps.tail.paused(name, () => {
        inPause = true;
        return work();
      }),
  };
  expect(await verify({ ...deps, store, tail }, 'a')).toMatchObject({ equal: true });
  expect(held).toBe(0);
});

it.each([1, 2, 3, 4, 5, 6])('is exact while the tail goes on, streams being erased too (seed %i)', async (seed) => {
  const { log, deps } = await begin();
  const random = randomOf(seed);
  const some = async (): Promise<void> => {
    for (let event = random.below(6); event > 0; event--) await log.say(`x.y-${random.below(4)}`).catch(() => undefined);
    if (random.chance(0.1)) await log.store.erase(`x.y-${random.below(4)}` as StreamName);
    if (random.chance(0.3)) await log.clock.sleep(1);
  };
  for (let turn = 0; turn < 20; turn++) await some();
  const store = beforePage(log, some, 1 + random.below(9));
  for (const name of ['a', 'narrow', 'a']) {
    expect(await verify({ ...deps, store }, name)).toMatchObject({ equal: true });
    await rebuild({ ...deps, store }, name);
    await some();
  }
  await allPassed(log, ['a', 'narrow']);
  expect(await verify(deps, 'a')).toMatchObject({ equal: true });
  expect(await verify(deps, 'narrow')).toMatchObject({ equal: true });
});

it('on the SQLite store too, whose filters skip whole stretches', async () => {
  const log = openLog();
  const store = openSqliteEventStore({ file: ':memory:', clock: log.clock });
  onTestFinished(() => store.close());
  const metadata = { correlationId: 'c', causationId: 'k', asOf: log.clock.now(), rule: 'test', schema: '1' };
  for (let n = 0; n < 50; n++) {
    const stream = `${n % 10 === 0 ? 'x.y' : 'z.z'}-${n}` as StreamName;
    await store.append({ stream, events: [{ id: `e-${n}`, type: 'Said', data: {}, metadata }], expected: 'no-stream' });
  }
  await store.erase('x.y-10');
  const tail = await beginTail({ ...log, store }, [narrow]);
  const deps = { store, readModels: log.readModels, projections: [narrow], tail };
  await log.readModels.passed('narrow', (await store.head())!);
  expect(await countsOf(log.readModels, 'narrow')).toEqual(['x.y-0 1', 'x.y-20 1', 'x.y-30 1', 'x.y-40 1']);
  expect(await verify(deps, 'narrow')).toMatchObject({ equal: true });
  await rebuild(deps, 'narrow');
  expect(await log.readModels.checkpoint('narrow')).toBe(await store.head());
  expect(await countsOf(log.readModels, 'narrow')).toHaveLength(4);
});

it('aborted, it ends with the reason, leaves the live rows alone and nothing behind', async () => {
  const { log, deps } = await begin();
  await say(log, 30);
  await allPassed(log, ['a']);
  const stop = new AbortController();
  const store = beforePage(log, (page) => (page === 1 ? stop.abort(new Error('enough')) : undefined));
  await expect(rebuild({ ...deps, store }, 'a', undefined, stop.signal)).rejects.toThrow('enough');
  await expect(verify(deps, 'a', undefined, stop.signal)).rejects.toThrow('enough');
  expect(await countsOf(log.readModels, 'a')).toEqual(['x.y-1 30']);
  expect(await left(log.readModels, 'a')).toEqual([null]);
  await say(log, 1);
  await allPassed(log, ['a']);
  expect(await rebuild(deps, 'a')).toMatchObject({ events: 31 });
});

it('when the log breaks on the way, the live rows are as they were, and go on', async () => {
  const { log, deps } = await begin();
  await say(log, 30);
  await allPassed(log, ['a']);
  const store = beforePage(log, (page) => {
    if (page === 2) throw new Error('the disk is gone');
  });
  await expect(rebuild({ ...deps, store }, 'a')).rejects.toThrow('the disk is gone');
  await say(log, 1);
  await allPassed(log, ['a']);
  expect(await countsOf(log.readModels, 'a')).toEqual(['x.y-1 31']);
  expect(await left(log.readModels, 'a')).toEqual([null]);
});

it('a bad event is left out of both', async () => {
  const { log, deps } = await begin();
  await log.say('x.y-1');
  await log.say('x.y-1', {}, 'Boom');
  await log.say('x.y-1');
  await allPassed(log, ['a']);
  expect(await verify(deps, 'a')).toMatchObject({ equal: true });
});

it('keeps no copy: what is erased after a verification, or on the way, is in no table and in no byte of the file', async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.remove());
  const file = folder.path('models.db');
  const log = { ...openLog(), readModels: openSqliteReadModels({ file }) };
  onTestFinished(() => log.readModels.close());
  const { deps } = await begin(log, [a]);
  const holds = (word: string): boolean => {
    const db = new DatabaseSync(file, { readOnly: true });
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const found = tables.some(({ name }) => JSON.stringify(db.prepare(`SELECT * FROM "${String(name)}"`).all()).includes(word));
    db.close();
    return found || [file, `${file}-wal`].some((each) => existsSync(each) && readFileSync(each).includes(word));
  };
  for (let n = 0; n < 40; n++) await log.say(`x.y-${n}`, { word: `heron-${n}.` });
  await allPassed(log, ['a']);
  expect(holds('heron-7.')).toBe(true);
  await verify(deps, 'a');
  await log.store.erase('x.y-7');
  await allPassed(log, ['a']);
  await log.readModels.purge();
  expect(holds('heron-7.')).toBe(false);
  // Erased when the rebuild has it already: its marker comes in a later round.
  const store = beforePage(log, async (page) => {
    if (page !== 2) return;
    await log.store.erase('x.y-9');
    await allPassed(log, ['a']);
    await log.readModels.purge();
  });
  await rebuild({ ...deps, store }, 'a');
  expect(holds('heron-9.')).toBe(false);
  expect(await log.readModels.checkpoint('a')).toBe(positionOf(42));
});
