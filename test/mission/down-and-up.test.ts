import { expect, it } from 'vitest';
import { instant, plus } from '../../src/core/instant.ts';
import type { IntakeLine } from '../../src/core/intake.ts';
import { demoFacts } from '../../src/demo.ts';
import { listActors } from '../../src/projections/due-queries.ts';
import { type VirtualWorld, virtualWorld } from '../support/virtual.ts';

/** Final states of all domain actors. */
const finalStates = async ({ registry, readModels }: VirtualWorld): Promise<Map<string, string>> => {
  const states = new Map<string, string>();
  for (const category of registry.deciders.keys()) {
    if (category.startsWith('engine.')) continue;
    for (const row of await listActors(readModels, category, { limit: 100_000 })) states.set(row.stream, JSON.stringify(row.state));
  }
  return states;
};

/** Effects as they are keyed: what the outside would notice. */
const effects = async (world: VirtualWorld): Promise<string[]> =>
  (await world.events()).flatMap((event) => (event.type === 'EffectRequested' ? [(event.data as { key: string }).key] : [])).sort();

const start = instant('2026-01-23T00:00Z');
const end = instant('2026-01-29T00:00Z');
const saturday = instant('2026-01-24T06:30Z');
const tuesday = instant('2026-01-27T08:30Z');

/** Lives through the weekend hour by hour: the commands of the hour, then its slots. The ticker is off between `off` and `on`. */
const live = async (lines: readonly IntakeLine[], off?: string, on?: string): Promise<VirtualWorld> => {
  const world = virtualWorld(start);
  await world.begin(true);
  let ticking = true;
  let index = 0;
  for (let hour = world.hour(start); hour <= end; hour = world.hour(hour)) {
    const wanted = off === undefined || on === undefined || hour < off || hour >= on;
    if (wanted !== ticking) {
      await world.stop();
      await world.begin(wanted);
      ticking = wanted;
    }
    let to = index;
    while (to < lines.length && lines[to]!.asOf! <= hour) to += 1;
    await world.send(lines.slice(index, to));
    index = to;
    world.clock.set(plus(hour, 5_000));
    if (ticking) await world.quiet();
  }
  await world.quiet();
  await world.stop();
  return world;
};

it('a scheduler that was down from Saturday to Tuesday ends where one that was up does', { timeout: 120_000 }, async () => {
  const { lines } = demoFacts();
  const [up, down] = [await live(lines), await live(lines, saturday, tuesday)];
  const [a, b] = [await finalStates(up), await finalStates(down)];
  // Without these the comparison would prove nothing.
  expect(a.size).toBeGreaterThan(1_000);
  const caughtUp = (await down.events()).filter(
    (event) => event.type === 'SlotOpened' && (event.data as { cause: string }).cause === 'catch-up',
  );
  expect(caughtUp.length).toBeGreaterThan(20);
  expect(
    [...a]
      .filter(([stream, state]) => b.get(stream) !== state)
      .map(([stream, state]) => ({ stream, up: state, down: b.get(stream) }))
      .slice(0, 5),
  ).toEqual([]);
  expect([...b.keys()].filter((stream) => !a.has(stream))).toEqual([]);
  expect(await effects(down)).toEqual(await effects(up));
  expect([...up.notes, ...down.notes]).toEqual([]);
});
