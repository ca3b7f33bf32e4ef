import { expect, it } from 'vitest';
import type { Position } from '../../src/core/event.ts';
import type { LogPage } from '../../src/ports/event-store.ts';
import type { Commit } from '../../src/ports/read-models.ts';
import { randomOf } from '../laws/random.ts';
import { allPassed, beforeCommit, beginTail, counter, countsOf, openLog, positionOf } from './support.ts';

const [a, b] = [counter('a'), counter('b')];

it('a broken subscription is opened again from the checkpoint, after waits that grow to a bound and start anew', async () => {
  const log = openLog();
  const asked: (Position | null | undefined)[] = [];
  let broken = 9;
  async function* subscribe(...[range, signal]: Parameters<typeof log.store.subscribe>): AsyncGenerator<LogPage> {
    asked.push(range.after);
    if (broken-- > 0) throw new Error('the line is cut');
    for await (const page of log.store.subscribe(range, signal)) {
      yield page;
      if (page.upTo === positionOf(1)) {
        broken = 2;
        throw new Error('cut again');
      }
    }
  }
  await log.say('x.y-1');
  await beginTail({ ...log, store: { ...log.store, subscribe } }, [a]);
  await log.readModels.passed('a', positionOf(1));
  await log.say('x.y-1');
  await allPassed(log, ['a']);
  expect(log.clock.waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 250, 500, 1_000]);
  expect(asked).toEqual([...Array(10).fill(null), positionOf(1), positionOf(1), positionOf(1)]);
  expect(await countsOf(log.readModels, 'a')).toEqual(['x.y-1 2']);
});

it('a subscription that ends by itself is opened again, not in a hot loop', async () => {
  const log = openLog();
  let ends = 3;
  async function* subscribe(...[range, signal]: Parameters<typeof log.store.subscribe>): AsyncGenerator<LogPage> {
    if (ends-- > 0) return;
    yield* log.store.subscribe(range, signal);
  }
  await log.say('x.y-1');
  await beginTail({ ...log, store: { ...log.store, subscribe } }, [a, b]);
  await allPassed(log);
  expect(log.clock.waits).toEqual([250, 500, 1_000]);
});

it('a projection that cannot commit holds nobody up, and catches up when it can, without a gap', async () => {
  const log = openLog();
  let stuck = true;
  const failing = beforeCommit(log, ({ projection }) => {
    if (projection === 'b' && stuck) throw new Error('no room for b');
  });
  await beginTail(failing, [a, b]);
  for (let event = 0; event < 1_250; event++) await log.say(`x.y-${event % 3}`);
  await allPassed(log, ['a']);
  expect(await log.readModels.checkpoint('b')).toBeNull();
  expect(log.warnings()).toContain('no room for b');
  stuck = false;
  await allPassed(log);
  await log.say('x.y-0');
  await allPassed(log);
  expect(await countsOf(log.readModels, 'b')).toEqual(['x.y-0 418', 'x.y-1 417', 'x.y-2 416']);
  expect(await countsOf(log.readModels, 'a')).toEqual(await countsOf(log.readModels, 'b'));
});

it('what fails for all is tried again by the shared reader, which nobody leaves', async () => {
  const log = openLog();
  let tries = 0;
  const failing = beforeCommit(log, () => {
    if (tries++ < 4) throw new Error('the disk is full');
  });
  await log.say('x.y-1');
  await beginTail(failing, [a, b]);
  await allPassed(log);
  expect(log.warnings()).toEqual(['the disk is full', 'the disk is full']);
  expect(log.clock.waits).toEqual([250, 500]);
});

it('a projection that another process moved on is taken up where it stands now', async () => {
  const log = openLog();
  await beginTail(log, [a, b]);
  await log.say('x.y-1');
  await allPassed(log);
  await log.readModels.commit({
    projection: 'b',
    build: 'live',
    puts: [{ table: 'b_counts', row: { stream: 'x.y-1', times: 2, last: null } }],
    removes: [],
    removeWheres: [],
    previous: positionOf(1),
    next: positionOf(2),
  });
  await log.say('x.y-1');
  await log.say('x.y-1');
  await allPassed(log);
  for (const name of ['a', 'b']) expect(await countsOf(log.readModels, name)).toEqual(['x.y-1 3']);
});

it('a checkpoint that becomes unreadable on the way is built again from the log, and says so; the others go on', async () => {
  const log = openLog();
  await beginTail(log, [a, b]);
  await log.say('x.y-1');
  await allPassed(log);
  const next = 'half a pos' as Position;
  await log.readModels.commit({ projection: 'b', build: 'live', puts: [], removes: [], removeWheres: [], previous: positionOf(1), next });
  await log.say('x.y-1');
  await allPassed(log, ['a']);
  await log.say('x.y-2');
  await log.readModels.passed('b', await log.head());
  await allPassed(log);
  expect(await countsOf(log.readModels, 'b')).toEqual(['x.y-1 2', 'x.y-2 1']);
  expect(log.warnings().filter((message) => message.includes('built again from the log'))).toHaveLength(1);
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])('no event is missed or taken twice, whatever fails and pauses (seed %i)', async (seed) => {
  const log = openLog();
  const { next: random } = randomOf(seed);
  let chaos = true;
  const { readModels } = log;
  const fails = (): boolean => chaos && random() < 0.25;
  const commit = async (each: Commit): Promise<void> => {
    if (fails()) throw new Error('before the commit');
    await readModels.commit(each);
    // The answer is lost, the rows are not.
    if (fails()) throw new Error('after the commit');
  };
  async function* subscribe(...[range, signal]: Parameters<typeof log.store.subscribe>): AsyncGenerator<LogPage> {
    for await (const page of log.store.subscribe({ ...range, pageSize: 1 + Math.floor(random() * 7) }, signal)) {
      if (fails()) throw new Error('cut');
      yield page;
    }
  }
  const projections = [a, b, counter('c')];
  const tail = await beginTail({ ...log, readModels: { ...readModels, commit }, store: { ...log.store, subscribe } }, projections);
  const pauses: Promise<void>[] = [];
  for (let event = 0; event < 200; event++) {
    await log.say(`x.y-${Math.floor(random() * 5)}`);
    if (random() < 0.15) pauses.push(tail.paused(['a', 'b', 'c'][Math.floor(random() * 3)]!, () => log.clock.sleep(1)));
    if (random() < 0.3) await log.clock.sleep(1);
  }
  await Promise.all(pauses);
  chaos = false;
  await allPassed(log, ['a', 'b', 'c']);
  const expected = new Map<string, number>();
  for await (const page of log.store.readAll({}))
    for (const { stream } of page.events) expected.set(stream, (expected.get(stream) ?? 0) + 1);
  const wanted = [...expected].map(([stream, times]) => `${stream} ${times}`).sort();
  for (const name of ['a', 'b', 'c']) expect(await countsOf(readModels, name)).toEqual(wanted);
});
