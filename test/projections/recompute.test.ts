import { expect, it } from 'vitest';
import { engineContext } from '../../src/contexts/engine/index.ts';
import { type Instant, plus } from '../../src/core/instant.ts';
import { buildRegistry, type Due, type Registry } from '../../src/core/registry.ts';
import { dueIndex } from '../../src/projections/due-index.ts';
import { actorRow, firstDueAt } from '../../src/projections/due-queries.ts';
import { rebuild, verify } from '../../src/projections/rebuild.ts';
import { recomputeDues, type Wave } from '../../src/projections/recompute.ts';
import { lampContext, newBench } from '../support/lamp.ts';
import { beginTail, noon, openLog } from './support.ts';

const job = 'house/put-out-lamps';
const registry = buildRegistry([engineContext(new Map()), lampContext(newBench()).build({})]);
const lamp = registry.dues.get('house.lamp')![0]!;
const hour = 3_600_000;

/** The same code but for when a lamp is due. */
const changed = (dueAt: (at: Instant) => Instant, more: Partial<Due> = {}): Registry => {
  const transition: Due['transition'] = {
    ...lamp.transition,
    dueAt: (state) => {
      const at = lamp.transition.dueAt(state);
      return at === null ? null : dueAt(at);
    },
  };
  return { ...registry, dues: new Map(registry.dues).set('house.lamp', [{ ...lamp, ...more, transition }]) };
};
const hourLater = changed((at) => plus(at, hour));

const begin = async (lamps: number) => {
  const log = openLog();
  const waves: Wave[] = [];
  const light = (id: string, ms: number): Promise<void> => log.say(`house.lamp-${id}`, { until: plus(noon, ms), broken: false }, 'LampLit');
  for (let n = 0; n < lamps; n++) await light(String(n).padStart(5, '0'), n);
  const start = async (code: Registry) => {
    const projections = [dueIndex(code, 4)];
    const tail = await beginTail(log, projections);
    await log.readModels.passed('due-index', await log.head());
    return {
      tail,
      deps: {
        registry: code,
        store: log.store,
        readModels: log.readModels,
        tail,
        clock: log.clock,
        hold: async (wave: Wave): Promise<void> => void waves.push(wave),
        rebuild: () => rebuild({ ...log, projections, tail }, 'due-index'),
      },
      all: { ...log, projections, tail },
    };
  };
  return { log, light, start, waves };
};

it('another fingerprint asks every stored state again, over many pages; the same one does not', async () => {
  const { log, start } = await begin(2_500);
  const { deps, all, tail } = await start(registry);
  expect(await recomputeDues(deps, 'one')).toBe(0);
  expect(await recomputeDues({ ...deps, registry: hourLater }, 'one')).toBe(0);
  expect(await firstDueAt(log.readModels, job)).toBe(noon);
  await tail.stop();
  const later = await start(hourLater);
  expect(await recomputeDues(later.deps, 'two')).toBe(2_500);
  expect(await firstDueAt(log.readModels, job)).toBe(plus(noon, hour));
  expect(await log.readModels.count('dues', { where: { name: job } })).toBe(2_500);
  expect(await recomputeDues(later.deps, 'two')).toBe(0);
  // What was asked again is what the log says to this code, and not to the code before.
  expect(await verify(later.all, 'due-index')).toMatchObject({ equal: true });
  expect(await verify(all, 'due-index')).toMatchObject({ equal: false });
});

it('the tail goes on between pages, and what it writes meanwhile stays right', async () => {
  const { log, light, start } = await begin(2_100);
  const before = await start(registry);
  await before.tail.stop();
  const { deps, all, tail } = await start(hourLater);
  let pages = 0;
  const busy = {
    paused: async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      const result = await tail.paused(name, work);
      pages += 1;
      await light(String(pages * 500).padStart(5, '0'), 5);
      await light(`zz${pages}`, 6);
      await log.readModels.passed('due-index', await log.head());
      return result;
    },
  };
  await recomputeDues({ ...deps, tail: busy }, 'two');
  expect(pages).toBeGreaterThanOrEqual(3);
  expect(await verify(all, 'due-index')).toMatchObject({ equal: true });
});

it('an actor whose dueAt throws keeps what it had and is told; the others are asked', async () => {
  const { log, start } = await begin(3);
  const { deps } = await start(registry);
  await recomputeDues(deps, 'one');
  const fragile = changed((at) => {
    if (at === plus(noon, 1)) throw new Error('no idea');
    return plus(at, hour);
  });
  const bad: string[] = [];
  const onBadActor = (stream: string, error: unknown): void => void bad.push(`${stream} ${String(error)}`);
  expect(await recomputeDues({ ...deps, registry: fragile, onBadActor }, 'two')).toBe(2);
  expect(bad).toEqual(['house.lamp-00001 Error: no idea']);
  const dues = (await log.readModels.list('dues', { limit: 9 })).map((row) => row.at);
  expect(dues.sort()).toEqual([plus(noon, 1), plus(noon, hour), plus(noon, hour + 2)]);
});

it('a job that is gone leaves no due instant behind, and finds its actors when it comes back', async () => {
  const { log, start } = await begin(1_200);
  const first = await start(registry);
  await recomputeDues(first.deps, 'one');
  await first.tail.stop();
  const without: Registry = { ...registry, dues: new Map([...registry.dues].filter(([category]) => category !== 'house.lamp')) };
  const second = await start(without);
  expect(await recomputeDues(second.deps, 'two')).toBe(1_200);
  expect(await log.readModels.count('dues', {})).toBe(0);
  expect(await verify(second.all, 'due-index')).toMatchObject({ equal: true });
  await second.tail.stop();
  const third = await start(registry);
  expect(await recomputeDues(third.deps, 'three')).toBe(1_200);
  expect(await firstDueAt(log.readModels, job)).toBe(noon);
  await rebuild(third.all, 'due-index');
  expect(await firstDueAt(log.readModels, job)).toBe(noon);
});

it('another scope files the same instant under another name', async () => {
  const { log, start } = await begin(2);
  const { deps } = await start(registry);
  await recomputeDues(deps, 'one');
  await recomputeDues({ ...deps, registry: changed((at) => at, { scopeOf: () => 'hall' }) }, 'two');
  expect(await firstDueAt(log.readModels, job)).toBeNull();
  expect(await firstDueAt(log.readModels, `${job}/hall`)).toBe(noon);
  expect(await actorRow(log.readModels, 'house.lamp-00000')).toMatchObject({ scope: 'hall' });
});

it('a build that makes a fifth of a category due at once is told before anything is changed; the first start ever is none', async () => {
  const { log, start, waves } = await begin(10);
  const before = await start(registry);
  await recomputeDues(before.deps, 'one');
  expect(waves).toEqual([]);
  await before.tail.stop();
  const earlier = await start(changed((at) => plus(at, -hour)));
  const stored: unknown[] = [];
  const hold = async (wave: Wave): Promise<void> => void stored.push(wave, await firstDueAt(log.readModels, job));
  await recomputeDues({ ...earlier.deps, hold }, 'two');
  // One of the ten was due already.
  expect(stored).toEqual([{ key: job, newlyDue: 9, population: 10 }, noon]);
  expect(await firstDueAt(log.readModels, job)).toBe(plus(noon, -hour));
  // Later than before: nothing comes at once.
  await recomputeDues({ ...earlier.deps, registry: hourLater }, 'three');
  expect(waves).toEqual([]);
});
