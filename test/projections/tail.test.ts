import { expect, it } from 'vitest';
import type { Position } from '../../src/core/event.ts';
import type { LogPage } from '../../src/ports/event-store.ts';
import { allPassed, beforeCommit, beginTail, counter, countsOf, gate, openLog, positionOf } from './support.ts';

const [a, b] = [counter('a'), counter('b')];

it('every projection takes every event once, those before the start and those after', async () => {
  const log = openLog();
  await log.say('x.y-1');
  await log.say('x.y-1');
  await beginTail(log, [a, b]);
  await log.say('x.y-2');
  await allPassed(log);
  for (const name of ['a', 'b']) expect(await countsOf(log.readModels, name)).toEqual(['x.y-1 2', 'x.y-2 1']);
});

it('reads once for all, from the lowest checkpoint; who stands further skips what it has', async () => {
  const log = openLog();
  await log.say('x.y-1');
  await log.say('x.y-1');
  await (await beginTail(log, [a])).stop();
  expect(await log.readModels.checkpoint('a')).toBe(positionOf(2));
  await log.say('x.y-1');
  const asked: (Position | null | undefined)[] = [];
  const store = {
    ...log.store,
    subscribe: (...[range, signal]: Parameters<typeof log.store.subscribe>) => {
      asked.push(range.after);
      return log.store.subscribe(range, signal);
    },
  };
  await beginTail({ ...log, store }, [a, b]);
  await allPassed(log);
  expect(asked).toEqual([null]);
  expect(await countsOf(log.readModels, 'a')).toEqual(['x.y-1 3']);
  expect(await countsOf(log.readModels, 'b')).toEqual(['x.y-1 3']);
});

it('the next page is asked for when all have committed the last', async () => {
  const log = openLog();
  const slow = gate();
  let pulled = 0;
  async function* subscribe(...[range, signal]: Parameters<typeof log.store.subscribe>): AsyncGenerator<LogPage> {
    for await (const page of log.store.subscribe({ ...range, pageSize: 1 }, signal)) {
      pulled += 1;
      yield page;
    }
  }
  for (let event = 0; event < 3; event++) await log.say('x.y-1');
  const held = beforeCommit(log, (commit) => (commit.projection === 'b' ? slow.pass() : undefined));
  await beginTail({ ...held, store: { ...log.store, subscribe } }, [a, b]);
  await log.readModels.passed('a', positionOf(1));
  await slow.arrived;
  expect([pulled, await log.readModels.checkpoint('a'), await log.readModels.checkpoint('b')]).toEqual([1, positionOf(1), null]);
  slow.open();
  await allPassed(log);
  expect(pulled).toBe(3);
});

it('a bad event is told, once for each projection, and the rest goes on', async () => {
  const log = openLog();
  const bad: string[] = [];
  await beginTail(log, [a, b], bad);
  await log.say('x.y-1');
  await log.say('x.y-1', {}, 'Boom');
  await log.say('x.y-1');
  await allPassed(log);
  expect(bad.sort()).toEqual(['a 1 Error: boom', 'b 1 Error: boom']);
  expect(await countsOf(log.readModels, 'a')).toEqual(['x.y-1 2']);
});

it('a pause holds one projection still while the others go on, over many pages; then it catches up', async () => {
  const log = openLog();
  const tail = await beginTail(log, [a, b]);
  await log.say('x.y-1');
  await allPassed(log);
  const end = gate();
  const paused = tail.paused('b', async () => {
    const before = await countsOf(log.readModels, 'b');
    await end.pass();
    return [before, await countsOf(log.readModels, 'b')];
  });
  await end.arrived;
  for (let event = 0; event < 2_100; event++) await log.say('x.y-1');
  await allPassed(log, ['a']);
  end.open();
  expect(await paused).toEqual([['x.y-1 1'], ['x.y-1 1']]);
  await allPassed(log);
  await log.say('x.y-1');
  await allPassed(log);
  expect(await countsOf(log.readModels, 'b')).toEqual(['x.y-1 2102']);
});

it('pauses of one projection go one after the other; one that throws ends as well', async () => {
  const log = openLog();
  const tail = await beginTail(log, [a, b]);
  const told: string[] = [];
  const end = gate();
  const first = tail.paused('b', async () => {
    told.push('first begins');
    await end.pass();
    told.push('first ends');
    throw new Error('no good');
  });
  const second = tail.paused('b', async () => void told.push('second'));
  await end.arrived;
  await log.say('x.y-1');
  await allPassed(log, ['a']);
  end.open();
  await expect(first).rejects.toThrow('no good');
  await second;
  expect(told).toEqual(['first begins', 'first ends', 'second']);
  await allPassed(log);
  expect(await countsOf(log.readModels, 'b')).toEqual(['x.y-1 1']);
  expect(await tail.paused('nobody', async () => 'done')).toBe('done');
});

it('stop resolves when the page in hand is committed, and nothing is committed afterwards', async () => {
  const log = openLog();
  const hold = gate();
  const held = beforeCommit(log, () => hold.pass());
  const tail = await beginTail(held, [a]);
  await log.say('x.y-1');
  await hold.arrived;
  let stopped = false;
  const stopping = tail.stop().then(() => {
    stopped = true;
  });
  await log.clock.sleep(1);
  expect(stopped).toBe(false);
  hold.open();
  await stopping;
  expect(await log.readModels.checkpoint('a')).toBe(positionOf(1));
  await log.say('x.y-1');
  await log.clock.sleep(1);
  expect(await log.readModels.checkpoint('a')).toBe(positionOf(1));
});

it('tells how much each page held, how long it took and how far the log is ahead', async () => {
  const log = openLog();
  for (let event = 0; event < 2_300; event++) await log.say('x.y-1');
  await beginTail(log, [a]);
  await allPassed(log, ['a']);
  await log.say('x.y-1');
  await allPassed(log, ['a']);
  // The note follows the commit.
  await log.clock.sleep(1);
  const told = log.notes.flatMap((note) => (note.kind === 'projected' ? [`${note.projection} ${note.events} ${note.lag}`] : []));
  expect(told).toEqual(['a 1000 1300', 'a 1000 300', 'a 300 0', 'a 1 0']);
});
