import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plantOf } from '../../sim/planted/index.ts';
import { loadFailure, saveFailure } from '../../sim/run/replay-file.ts';
import { shrink, sizeOf } from '../../sim/run/shrink.ts';
import { timelineOf } from '../../sim/run/timeline.ts';
import { type Options, type Outcome, simulate } from '../../sim/simulate.ts';

const firstFailure = async (make: (seed: number) => Options): Promise<{ options: Options; outcome: Outcome }> => {
  for (let seed = 1; seed <= 20; seed++) {
    const options = make(seed);
    const outcome = await simulate(options);
    if (outcome.problems.length > 0) return { options, outcome };
  }
  throw new Error('no seed found the planted bug');
};

it('a failure is shrunk, saved, and comes again from its file with the same log', async () => {
  const failure = await firstFailure((seed) => ({ seed, hours: 1, plant: plantOf('retry-on-unknown') }));
  const small = await shrink(failure);
  const [before, after] = [sizeOf(failure), sizeOf(small)];
  expect(small.outcome.problems[0]?.invariant).toBe(failure.outcome.problems[0]?.invariant);
  expect(after.faults).toBeLessThan(before.faults / 10);
  expect(after.kinds).toBeLessThanOrEqual(before.kinds);
  expect(after.hours * after.load).toBeLessThan(before.hours * before.load);

  const folder = mkdtempSync(join(tmpdir(), 'carillon-sim-'));
  const file = saveFailure(small, join(folder, 'failure.json'));
  const again = await simulate({ ...loadFailure(file), keepTrace: true });
  rmSync(folder, { recursive: true });
  expect(again.hash).toBe(small.outcome.hash);
  expect(again.problems).toEqual(small.outcome.problems);
  expect(timelineOf(again).some((line) => line.includes('PROBLEM'))).toBe(true);
}, 120_000);
