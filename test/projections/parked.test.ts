import { expect, it } from 'vitest';
import { itemStream } from '../../src/core/ids.ts';
import { plus } from '../../src/core/instant.ts';
import { countParked, getParked, listParked, parked } from '../../src/projections/parked.ts';
import { type Fact, noon, openProjection } from './support.ts';

const job = 'giving/release-escrows';
const item = (id: string): string => itemStream(job, `giving.escrow-${id}`);
const itemParked = (id: string, minute = 0, name = job): Fact => ({
  stream: itemStream(name, `giving.escrow-${id}`),
  type: 'ItemParked',
  data: { job: name, about: `giving.escrow-${id}`, attempt: 3, message: 'the bank is closed', more: 'ignored' },
  recordedAt: plus(noon, minute * 60_000),
  metadata: { correlationId: `slot-${id}`, traceparent: 'trace' },
});
const effect = 'engine.effect-giving/notify/0123';
const requested: Fact = { stream: effect, type: 'EffectRequested', data: { effect: 'giving/notify', key: 'escrow-released/a/donor' } };
const effectParked: Fact = {
  stream: effect,
  type: 'EffectParked',
  data: { effect: 'giving/notify', key: 'escrow-released/a/donor', attempt: 5, message: 'no answer' },
  recordedAt: noon,
};

it('a parked item stands with what it is about, how often it was tried and why it failed', async () => {
  const { readModels, feed } = await openProjection(parked);
  await feed(itemParked('a'));
  expect(await listParked(readModels, { limit: 10 })).toEqual([
    {
      id: item('a'),
      kind: 'item',
      job,
      about: 'giving.escrow-a',
      attempt: 3,
      message: 'the bank is closed',
      at: noon,
      correlation: 'slot-a',
      traceparent: 'trace',
      heldBy: null,
    },
  ]);
  expect(await getParked(readModels, item('a'))).toMatchObject({ about: 'giving.escrow-a' });
  expect(await getParked(readModels, item('b'))).toBeNull();
});

it.each(['ItemReplayed', 'ItemDiscarded', 'ItemRecovered'])('%s takes an item off the list; it may come back', async (type) => {
  const { readModels, feed } = await openProjection(parked);
  await feed(itemParked('a'), itemParked('b'));
  await feed({ stream: item('a'), type });
  expect((await listParked(readModels, { limit: 10 })).map((row) => row.about)).toEqual(['giving.escrow-b']);
  await feed(itemParked('a', 5));
  expect(await countParked(readModels)).toBe(2);
  await feed({ stream: item('a'), type }, { stream: item('b'), type });
  expect(await countParked(readModels)).toBe(0);
});

it('a parked effect has its name and key', async () => {
  const { readModels, feed } = await openProjection(parked);
  await feed(requested, { stream: effect, type: 'EffectStarted' });
  expect(await countParked(readModels)).toBe(0);
  await feed(effectParked);
  expect(await getParked(readModels, effect)).toMatchObject({
    kind: 'effect',
    job: 'giving/notify',
    about: 'escrow-released/a/donor',
    attempt: 5,
    message: 'no answer',
    traceparent: null,
  });
  await feed({ stream: effect, type: 'EffectReplayed' });
  expect(await countParked(readModels)).toBe(0);
  await feed(effectParked);
  expect(await getParked(readModels, effect)).toMatchObject({ about: 'escrow-released/a/donor' });
  await feed({ stream: effect, type: 'EffectConfirmed' });
  expect(await countParked(readModels)).toBe(0);
});

it('a request and its parking in one page, and a discarded effect', async () => {
  const { readModels, feed } = await openProjection(parked);
  await feed(requested, effectParked);
  expect(await getParked(readModels, effect)).toMatchObject({ job: 'giving/notify' });
  await feed({ stream: effect, type: 'EffectDiscarded' });
  expect(await countParked(readModels)).toBe(0);
});

it('are listed newest first, page by page, all or of one job, and counted', async () => {
  const { readModels, feed } = await openProjection(parked);
  const other = 'quiz/update-streaks';
  await feed(...['a', 'b', 'c', 'd'].map((id, minute) => itemParked(id, minute)), itemParked('x', 1, other), itemParked('y', 1, other));
  const list = async (query: Partial<Parameters<typeof listParked>[1]>): Promise<string[]> =>
    (await listParked(readModels, { limit: 10, ...query })).map((row) => row.about.slice(-1));
  expect(await list({})).toEqual(['d', 'c', 'y', 'x', 'b', 'a']);
  expect(await list({ job })).toEqual(['d', 'c', 'b', 'a']);
  expect(await list({ job: other, limit: 1 })).toEqual(['y']);
  const first = await listParked(readModels, { limit: 3 });
  expect(await list({ before: first.at(-1)! })).toEqual(['x', 'b', 'a']);
  expect([await countParked(readModels), await countParked(readModels, job), await countParked(readModels, 'no/job')]).toEqual([6, 4, 0]);
});

it('an erased actor takes what is parked about it along', async () => {
  const { readModels, feed } = await openProjection(parked);
  await feed(itemParked('a'), itemParked('a', 1, 'giving/other-job'), itemParked('b'));
  await feed({ stream: 'giving.escrow-a', type: 'StreamErased' });
  expect((await listParked(readModels, { limit: 10 })).map((row) => row.about)).toEqual(['giving.escrow-b']);
});

it('a rebuild gives the same rows, however the log is cut into pages', async () => {
  const facts = [
    itemParked('a'),
    itemParked('b'),
    requested,
    effectParked,
    { stream: item('a'), type: 'ItemReplayed' },
    itemParked('c', 3),
  ];
  const rowsAfter = async (...pages: readonly (readonly Fact[])[]): Promise<unknown> => {
    const { feed, rows } = await openProjection(parked);
    for (const page of pages) await feed(...page);
    return rows('parked');
  };
  const whole = await rowsAfter(facts);
  expect(whole).toHaveLength(3);
  expect(await rowsAfter(...facts.map((fact) => [fact]))).toEqual(whole);
});
