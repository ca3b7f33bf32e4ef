import { expect, it } from 'vitest';
import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { type Instant, instant, plus } from '../../src/core/instant.ts';
import { verify } from '../../src/projections/rebuild.ts';
import { positionAt, timeIndex } from '../../src/projections/time-index.ts';
import { randomOf } from '../laws/random.ts';
import { beginTail, type Fact, noon, openLog, openProjection, positionOf } from './support.ts';

const second = 1_000;
const recorded = (seconds: number): Fact => ({ stream: 'x.y-1', type: 'Said', recordedAt: plus(noon, seconds * second) });

it('a minute is known by the first and last position that were recorded in it, within a page and across pages', async () => {
  const { feed, rows } = await openProjection(timeIndex);
  await feed(recorded(0), recorded(59.999), recorded(60));
  await feed(recorded(61), recorded(300));
  expect(await rows('minutes')).toEqual([
    { minute: '2026-11-24T12:00:00.000Z', first: positionOf(1), last: positionOf(2) },
    { minute: '2026-11-24T12:01:00.000Z', first: positionOf(3), last: positionOf(4) },
    { minute: '2026-11-24T12:05:00.000Z', first: positionOf(5), last: positionOf(5) },
  ]);
});

it('a time is resolved to the last position up to and with its minute', async () => {
  const { readModels, feed } = await openProjection(timeIndex);
  expect(await positionAt(readModels, noon)).toBeNull();
  await feed(recorded(5), recorded(70), recorded(80), recorded(300));
  const at = (seconds: number): Promise<string | null> => positionAt(readModels, plus(noon, seconds * second));
  expect(await at(-1)).toBeNull();
  expect(await at(0)).toBe(positionOf(1));
  expect(await at(59)).toBe(positionOf(1));
  expect(await at(60)).toBe(positionOf(3));
  expect(await at(299)).toBe(positionOf(3));
  expect(await at(300)).toBe(positionOf(4));
  expect(await positionAt(readModels, instant('2099-01-01T00:00:00.000Z'))).toBe(positionOf(4));
});

it('an erased stream leaves its place in time', async () => {
  const { readModels, feed } = await openProjection(timeIndex);
  await feed(recorded(0), { ...recorded(60), type: 'StreamErased' });
  expect(await positionAt(readModels, plus(noon, 60 * second))).toBe(positionOf(2));
});

it('a clock that is set back leaves no event out, and a later time never gives an earlier position', async () => {
  const { readModels, feed } = await openProjection(timeIndex);
  await feed(recorded(300), recorded(180), recorded(240));
  await feed(recorded(301));
  expect(await positionAt(readModels, plus(noon, 240 * second))).toBeNull();
  expect(await positionAt(readModels, plus(noon, 300 * second))).toBe(positionOf(4));
});

it.each([1, 2, 3])('whatever the clock does, positions follow times (seed %i)', async (seed) => {
  const { readModels, feed } = await openProjection(timeIndex);
  const random = randomOf(seed);
  let seconds = 0;
  const times: Instant[] = [];
  for (let page = 0; page < 30; page++) {
    const facts = Array.from({ length: 1 + random.below(5) }, () => {
      seconds += random.below(200) - 60;
      return recorded(seconds);
    });
    times.push(...facts.map((fact) => fact.recordedAt!));
    await feed(...facts);
  }
  const positions = await Promise.all([...times].sort().map((at) => positionAt(readModels, at)));
  expect(positions).toEqual([...positions].sort((a, b) => (a ?? '').localeCompare(b ?? '')));
  expect(positions.at(-1)).toBe(positionOf(times.length));
});

it('a rebuild equals it', async () => {
  const log = openLog();
  let seconds = 0;
  const clock = { ...log.clock, now: () => plus(noon, seconds * second) };

  const timed = { ...log, store: createMemoryEventStore({ clock }) };
  for (; seconds < 600; seconds += 7) {
    const metadata = { correlationId: 'c', causationId: 'k', asOf: noon, rule: 'test', schema: '1' };
    await timed.store.append({
      stream: `x.y-${seconds}`,
      events: [{ id: `e-${seconds}`, type: 'Said', data: {}, metadata }],
      expected: 'no-stream',
    });
  }
  const tail = await beginTail(timed, [timeIndex]);
  await log.readModels.passed('time-index', (await timed.store.head())!);
  expect(await log.readModels.count('minutes', {})).toBe(10);
  expect(await verify({ ...timed, projections: [timeIndex], tail }, 'time-index')).toMatchObject({ equal: true });
});
