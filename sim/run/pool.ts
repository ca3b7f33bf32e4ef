import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Outcome } from '../simulate.ts';

export type Job = { readonly seed: number; readonly hours: number /** The name of a planted bug. */; readonly plant?: string };
export type Result = Omit<Outcome, 'trace'>;

/** Worker threads, one for each core, that run one seed at a time each. */
export const createPool = (size = availableParallelism()) => {
  const workers = Array.from({ length: size }, () => new Worker(new URL('./worker.ts', import.meta.url)));
  const runOn = (worker: Worker, job: Job): Promise<Result> =>
    new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (result: Result) => {
        worker.off('error', reject);
        resolve(result);
      });
      worker.postMessage(job);
    });
  return {
    /** Jobs in their order, until `next` has none any more; `done` is told in the order in which they end. */
    run: async (next: () => Job | null, done: (job: Job, result: Result) => void): Promise<void> => {
      const lane = async (worker: Worker): Promise<void> => {
        for (let job = next(); job !== null; job = next()) done(job, await runOn(worker, job));
      };
      await Promise.all(workers.map(lane));
    },
    close: (): Promise<unknown> => Promise.all(workers.map((worker) => worker.terminate())),
  };
};
