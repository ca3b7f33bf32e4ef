import { expect, it } from 'vitest';
import { engineContext } from '../../src/contexts/engine/index.ts';
import { plus } from '../../src/core/instant.ts';
import type { Json } from '../../src/core/json.ts';
import { buildRegistry } from '../../src/core/registry.ts';
import { dueIndex } from '../../src/projections/due-index.ts';
import {
  actorRow,
  countDueByOwner,
  firstDueAt,
  listActors,
  pageDue,
  pageDueEverywhere,
  population,
} from '../../src/projections/due-queries.ts';
import { lampContext, newBench } from '../support/lamp.ts';
import { type Fact, noon, openProjection } from './support.ts';

const partitions = 4;
const job = 'house/put-out-lamps';
const registry = buildRegistry([engineContext(new Map()), lampContext(newBench()).build({})]);
const open = () => openProjection(dueIndex(registry, partitions));
const lit = (id: string, seconds: number): Fact => ({
  stream: `house.lamp-${id}`,
  type: 'LampLit',
  data: { until: plus(noon, seconds * 1_000), broken: false },
});
const out = (id: string): Fact => ({
  stream: `house.lamp-${id}`,
  type: 'LampWentOut',
  data: { at: noon },
  metadata: { asOf: plus(noon, 1_000) },
});
const erased = (id: string): Fact => ({ stream: `house.lamp-${id}`, type: 'StreamErased' });
const refused = (id: string): Fact => ({
  stream: `house.lamp-${id}`,
  type: 'CommandRejected',
  data: { command: 'LightLamp', rule: 'no', facts: null },
  metadata: { asOf: plus(noon, 60_000) },
});

it('rows follow evolve: state, revision, as-of, owner', async () => {
  const { readModels, feed } = await open();
  await feed(lit('a', 30));
  const first = await actorRow(readModels, 'house.lamp-a');
  expect(first).toMatchObject({
    category: 'house.lamp',
    scope: '',
    revision: 0,
    asOf: noon,
    state: { lit: true, until: plus(noon, 30_000) },
  });
  expect(first?.owner).toMatch(/^house\.0[0-3]$/);
  await feed(out('a'));
  expect(await actorRow(readModels, 'house.lamp-a')).toMatchObject({
    owner: first?.owner,
    revision: 1,
    asOf: plus(noon, 1_000),
    state: { lit: false, until: null },
  });
  expect(await actorRow(readModels, 'house.lamp-b')).toBeNull();
});

it('dues come, move and go with the state, within a page and across pages', async () => {
  const { readModels, feed, rows } = await open();
  await feed(lit('a', 30), lit('b', 10));
  const due = async (): Promise<string[]> => (await rows('dues')).map((row) => `${row.stream} ${row.at}`).sort();
  expect(await due()).toEqual([`house.lamp-a ${plus(noon, 30_000)}`, `house.lamp-b ${plus(noon, 10_000)}`]);
  expect(await firstDueAt(readModels, job)).toBe(plus(noon, 10_000));
  await feed(lit('a', 5), lit('a', 20), lit('b', 10));
  expect(await due()).toEqual([`house.lamp-a ${plus(noon, 20_000)}`, `house.lamp-b ${plus(noon, 10_000)}`]);
  await feed(out('b'), out('a'), lit('a', 40));
  expect(await due()).toEqual([`house.lamp-a ${plus(noon, 40_000)}`]);
  await feed(out('a'));
  expect(await due()).toEqual([]);
  expect(await firstDueAt(readModels, job)).toBeNull();
});

it('StreamErased drops the actor and its dues, also in the page that made them', async () => {
  const { readModels, feed, rows } = await open();
  await feed(lit('a', 30), lit('b', 30));
  await feed(erased('a'), lit('c', 30), erased('c'));
  expect((await rows('dues')).map((row) => row.stream)).toEqual(['house.lamp-b']);
  expect((await rows('actors')).map((row) => row.stream)).toEqual(['house.lamp-b']);
  expect(await population(readModels, 'house.lamp')).toBe(1);
});

it('CommandRejected moves only the revision', async () => {
  const { readModels, feed, rows } = await open();
  await feed(lit('a', 30));
  const [before, dues] = [await actorRow(readModels, 'house.lamp-a'), await rows('dues')];
  await feed(refused('a'));
  expect(await actorRow(readModels, 'house.lamp-a')).toEqual({ ...before, revision: 1 });
  expect(await rows('dues')).toEqual(dues);
});

it('streams of no decider have no row', async () => {
  const { feed, rows } = await open();
  await feed({ stream: 'other.thing-1', type: 'Whatever' }, { stream: 'other.thing-1', type: 'StreamErased' });
  expect(await rows('actors')).toEqual([]);
});

it('queries: due up to an instant by partition, everywhere, counted, paged; actors of a category', async () => {
  const { readModels, feed } = await open();
  const ids = Array.from({ length: 25 }, (_, index) => `l${String(index).padStart(2, '0')}`);
  await feed(...ids.map((id, index) => lit(id, 10 + (index % 5))));
  const upTo = plus(noon, 12_000);
  const everywhere = await pageDueEverywhere(readModels, { name: job, upTo, limit: 100 });
  expect(everywhere.map((row) => row.at)).toEqual([...everywhere.map((row) => row.at)].sort());
  expect(everywhere).toHaveLength(15);
  expect(everywhere[0]?.state).toMatchObject({ lit: true });
  const counts = await countDueByOwner(readModels, job, upTo);
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(15);
  expect(Object.keys(counts).length).toBeGreaterThan(1);
  for (const [owner, count] of Object.entries(counts)) {
    const whole = await pageDue(readModels, { name: job, owner, upTo, limit: 100 });
    expect(whole).toHaveLength(count);
    const first = await pageDue(readModels, { name: job, owner, upTo, limit: 1 });
    const rest = await pageDue(readModels, { name: job, owner, upTo, limit: 100, after: first[0]! });
    expect([...first, ...rest]).toEqual(whole);
  }
  const page = await pageDueEverywhere(readModels, { name: job, upTo, limit: 7 });
  expect([...page, ...(await pageDueEverywhere(readModels, { name: job, upTo, limit: 100, after: page.at(-1)! }))]).toEqual(everywhere);
  const some = await listActors(readModels, 'house.lamp', { limit: 20 });
  const others = await listActors(readModels, 'house.lamp', { limit: 20, after: some.at(-1)!.stream });
  expect([...some, ...others].map((row) => row.stream)).toEqual(ids.map((id) => `house.lamp-${id}`));
});

it('after an event that was left out the row keeps its revision, so that no work on it passes as current', async () => {
  const fragile = { ...registry, deciders: new Map(registry.deciders) };
  const lamp = registry.deciders.get('house.lamp')!;
  fragile.deciders.set('house.lamp', {
    ...lamp,
    evolve: (state, event) => {
      if ((event.data as { broken?: boolean }).broken) throw new Error('cannot take that in');
      return lamp.evolve(state, event);
    },
  });
  const { readModels, feed, bad } = await openProjection(dueIndex(fragile, partitions));
  const broken: Fact = { ...lit('a', 60), data: { until: plus(noon, 60_000), broken: true } };
  await feed(lit('a', 30), broken, out('a'), refused('a'));
  await feed(lit('a', 90), lit('b', 10));
  expect(await actorRow(readModels, 'house.lamp-a')).toMatchObject({ revision: 0, state: { until: plus(noon, 30_000) } });
  expect(await firstDueAt(readModels, job)).toBe(plus(noon, 10_000));
  expect(bad.map(({ event, error }) => [event.revision, String(error)])).toEqual([
    [1, 'Error: cannot take that in'],
    ...[2, 3, 4].map((revision) => [revision, 'Error: house.lamp-a misses revision 1; correct what left it out, then rebuild "due-index"']),
  ]);
  await feed(erased('a'));
  expect(await actorRow(readModels, 'house.lamp-a')).toBeNull();
});

it('a fold stands for everything before it: of a ledger that was trimmed, and after a hole', async () => {
  const folding = { ...registry, deciders: new Map(registry.deciders) };
  folding.deciders.set('house.lamp', { ...registry.deciders.get('house.lamp')!, foldedBy: 'LampLit' });
  const { readModels, feed, bad } = await openProjection(dueIndex(folding, partitions));
  await feed({ ...lit('a', 30), revision: 7 }, { ...out('a'), revision: 8 });
  await feed({ ...out('b'), revision: 3 }, { ...lit('b', 40), revision: 9 });
  expect(await actorRow(readModels, 'house.lamp-a')).toMatchObject({ revision: 8, state: { lit: false } });
  expect(await actorRow(readModels, 'house.lamp-b')).toMatchObject({ revision: 9, state: { lit: true } });
  expect(bad.map(({ event }) => event.revision)).toEqual([3]);
});

it('a scope is part of the name that dues are filed under, and a refusal leaves it alone', async () => {
  const [due] = registry.dues.get('house.lamp')!;
  const scopeOf = (state: Json): string => ((state as { broken?: boolean }).broken ? 'cellar' : 'attic');
  const scoped = { ...registry, dues: new Map([['house.lamp', [{ ...due!, scopeOf }]]]) };
  const { readModels, feed, rows } = await openProjection(dueIndex(scoped, partitions));
  await feed(lit('a', 30), { ...lit('b', 20), data: { until: plus(noon, 20_000), broken: true } });
  expect(await firstDueAt(readModels, `${job}/attic`)).toBe(plus(noon, 30_000));
  expect(await firstDueAt(readModels, `${job}/cellar`)).toBe(plus(noon, 20_000));
  await feed(refused('b'));
  expect(await actorRow(readModels, 'house.lamp-b')).toMatchObject({ revision: 1, scope: 'cellar' });
  await feed(lit('b', 50));
  expect((await rows('dues')).map((row) => `${row.name} ${row.stream}`).sort()).toEqual([
    `${job}/attic house.lamp-a`,
    `${job}/attic house.lamp-b`,
  ]);
});
