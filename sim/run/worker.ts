import { parentPort } from 'node:worker_threads';
import { plantOf } from '../planted/index.ts';
import { simulate } from '../simulate.ts';
import type { Job, Result } from './pool.ts';
import { catchStray } from './stray.ts';

catchStray();

/** A planted bug is found by a seed that goes well without it. */
const run = async ({ seed, hours, plant }: Job): Promise<Result> => {
  const { trace: _, ...outcome } = await simulate({ seed, hours, ...(plant === undefined ? {} : { plant: plantOf(plant) }) });
  if (plant === undefined || outcome.problems.length === 0) return outcome;
  const without = await simulate({ seed, hours });
  return without.problems.length === 0 ? outcome : { ...outcome, problems: [] };
};

parentPort?.on('message', (job: Job) => void run(job).then((result) => parentPort?.postMessage(result)));
