import { expect, it, onTestFinished } from 'vitest';
import { type Instant, plus } from '../../src/index.ts';
import { lampContext, newBench } from '../support/lamp.ts';
import { virtualWorld } from '../support/virtual.ts';

it('while the clock is not believed nothing is taken in, settled or opened; then all of it goes on', async () => {
  const start = '2026-01-05T10:00:00.500Z' as Instant;
  const world = virtualWorld(start, [lampContext(newBench())]);
  const clock = world.clock as typeof world.clock & { trouble?: () => string | null };
  await world.begin(true);
  onTestFinished(() => world.stop());
  const light = (id: string) => world.ask({ id, to: `house.lamp-${id}`, type: 'LightLamp', data: { seconds: 2 } });
  expect(await light('a')).toMatchObject({ kind: 'accepted' });

  clock.trouble = () => 'it jumped';
  world.clock.set(plus(start, 86_400_000));
  expect(await light('b')).toMatchObject({ kind: 'failed', code: 'clock-jumped', transient: true, message: 'it jumped' });
  expect(await world.ask({ id: 'settle', to: 'house.lamp-a', type: 'SettleActor', data: {} })).toMatchObject({ code: 'clock-jumped' });
  // The ticker has looked at the clock and told that it waits.
  while (!world.notes.some((note) => note.includes('no slot is opened'))) await world.clock.sleep(2);
  expect((await world.events()).filter(({ type }) => type === 'SlotOpened' || type === 'LampWentOut')).toEqual([]);

  delete clock.trouble;
  world.clock.set(plus(start, 3_500));
  await world.quiet();
  expect((await world.events()).filter(({ type }) => type === 'LampWentOut').map(({ stream }) => stream)).toEqual(['house.lamp-a']);
});
