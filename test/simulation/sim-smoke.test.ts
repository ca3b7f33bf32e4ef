import { expect, it } from 'vitest';
import { plants } from '../../sim/planted/index.ts';
import { simulate } from '../../sim/simulate.ts';

it('ten seeds of an hour end without a problem', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { problems } = await simulate({ seed, hours: 1 });
    expect({ seed, problems }).toEqual({ seed, problems: [] });
  }
}, 60_000);

it('the same seed gives the same log', async () => {
  const [first, second] = [await simulate({ seed: 4, hours: 0.5 }), await simulate({ seed: 4, hours: 0.5 })];
  expect(first.events).toBeGreaterThan(100);
  expect(second.hash).toBe(first.hash);
}, 60_000);

it('a planted bug is found', async () => {
  const plant = plants.find(({ name }) => name === 'retry-on-unknown')!;
  const found = [];
  for (let seed = 1; seed <= 20 && found.length === 0; seed++) found.push(...(await simulate({ seed, hours: 1, plant })).problems);
  expect(found[0]?.invariant).toBe('I3');
}, 60_000);
