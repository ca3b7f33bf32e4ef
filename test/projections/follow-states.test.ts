import { expect, it, onTestFinished } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { dueIndex } from '../../src/projections/due-index.ts';
import { followStates } from '../../src/projections/follow-states.ts';
import { lampContext, newBench } from '../support/lamp.ts';
import { registryOf } from '../support/virtual.ts';
import { beginTail, openLog } from './support.ts';

it('actors are known from the index and followed in the log; a marker of any erased stream is no event of theirs', async () => {
  const log = openLog();
  const registry = registryOf([lampContext(newBench())]);
  await beginTail(log, [dueIndex(registry, 4)]);
  const light = (id: string): Promise<void> => log.say(`house.lamp-${id}`, { until: '2026-11-24T13:00:00.000Z', broken: false }, 'LampLit');
  await light('a');
  await log.readModels.passed('due-index', await log.head());
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const taken: [string, Json, number][] = [];
  const followed = await followStates(
    { ...log, registry },
    ['house.lamp'],
    (stream, state, revision) => {
      taken.push([stream, (state as { lit: Json }).lit, revision]);
      return true;
    },
    stop.signal,
  );
  await light('b');
  await log.store.erase('house.lamp-b');
  await log.say('house.cat-x', {}, 'CatSeen');
  await log.store.erase('house.cat-x');
  await light('c');
  await log.say('house.lamp-a', { at: '2026-11-24T13:00:00.000Z' }, 'LampWentOut');
  await followed.passed(await log.head());
  // What was erased may have been heard of before.
  expect(taken.filter(([stream]) => stream !== 'house.lamp-b')).toEqual([
    ['house.lamp-a', true, 0],
    ['house.lamp-c', true, 0],
    ['house.lamp-a', false, 1],
  ]);
});
