import { expect, it } from 'vitest';
import { plantOf } from '../../sim/planted/index.ts';
import { createPrng } from '../../sim/prng.ts';
import { simulate } from '../../sim/simulate.ts';
import { calm, drawSwarm } from '../../sim/swarm.ts';

it('six seeds of an hour end without a problem, some of them with two processes', async () => {
  let together = 0;
  for (let seed = 1; seed <= 6; seed++) {
    const { problems, swarm } = await simulate({ seed, hours: 1 });
    expect({ seed, problems }).toEqual({ seed, problems: [] });
    if (swarm.processes > 1) together++;
  }
  expect(together).toBeGreaterThan(0);
}, 120_000);

it('the same seed gives the same log, also with two processes', async () => {
  const swarm = { ...drawSwarm(createPrng(4, 'swarm')), processes: 2, embedded: false };
  const [first, second] = [await simulate({ seed: 4, hours: 0.5, swarm }), await simulate({ seed: 4, hours: 0.5, swarm })];
  expect(first.events).toBeGreaterThan(100);
  expect(second.hash).toBe(first.hash);
}, 60_000);

it('without faults nothing fails and nothing is parked for long', async () => {
  const { problems, counters } = await simulate({ seed: 1, hours: 0.5, swarm: { ...calm(), processes: 2, embedded: false } });
  expect(problems).toEqual([]);
  expect(counters.get('processDied')).toBeUndefined();
}, 60_000);

it('planted bugs are found: an effect of unknown outcome that is sent again, an answer before the append is durable', async () => {
  for (const [name, invariant] of [
    ['retry-on-unknown', 'I3'],
    ['ack-before-durable', 'I7'],
  ] as const) {
    const found = [];
    for (let seed = 1; seed <= 20 && found.length === 0; seed++)
      found.push(...(await simulate({ seed, hours: 1, plant: plantOf(name) })).problems);
    expect(found[0]?.invariant).toBe(invariant);
  }
}, 60_000);
