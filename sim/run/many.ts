import { simulate } from '../simulate.ts';
import { createPool, type Job, type Result } from './pool.ts';
import { saveFailure } from './replay-file.ts';
import { shrink, sizeOf } from './shrink.ts';
import { faultsIn, neverReached } from './sometimes.ts';
import { describe, timelineOf } from './timeline.ts';

export type Many = {
  readonly first: number;
  readonly seeds: number;
  readonly hours: number;
  /** No seed is begun after so many minutes. */
  readonly minutes: number;
  /** Failures are told without being shrunk. */
  readonly keep: boolean;
};

/** One seed in so many is run twice: the logs must be the same. */
const twiceEvery = 100;
const mostShrunk = 3;
const timelineLines = 60;

const hourMs = 3_600_000;

type Tally = { seeds: number; twice: number; events: number; hours: number; readonly sums: Map<string, number>; readonly failed: Result[] };

const explain = async (job: Job): Promise<void> => {
  const outcome = await simulate(job as { seed: number; hours: number });
  if (outcome.problems.length === 0) return console.log(`   seed ${job.seed} went well the second time: two runs differ`);
  const failure = { options: { seed: job.seed, hours: job.hours }, outcome };
  const small = await shrink(failure);
  console.log(`   shrunk from ${JSON.stringify(sizeOf(failure))} to ${JSON.stringify(sizeOf(small))}`);
  const told = await simulate({ ...small.options, keepTrace: true });
  console.log(describe(told));
  for (const line of timelineOf(told).slice(-timelineLines)) console.log(`   ${line}`);
  console.log(`   replay: npm run sim -- --replay ${saveFailure(small)}`);
};

const runAll = async ({ first, seeds, hours, minutes }: Many, began: number): Promise<Tally> => {
  const tally: Tally = { seeds: 0, twice: 0, events: 0, hours: 0, sums: new Map(), failed: [] };
  const hashes = new Map<number, string>();
  const pool = createPool();
  let seed = first;
  const again: number[] = [];
  const next = (): Job | null => {
    if (performance.now() - began > minutes * 60_000) return null;
    const repeated = again.shift();
    if (repeated !== undefined) return { seed: repeated, hours };
    return seed < first + seeds ? { seed: seed++, hours } : null;
  };
  const failed = (result: Result): void => {
    tally.failed.push(result);
    console.log(describe(result));
  };
  await pool.run(next, (job, result) => {
    tally.hours += result.simulatedMs / hourMs;
    const before = hashes.get(job.seed);
    if (before !== undefined) {
      tally.twice++;
      if (before !== result.hash) failed({ ...result, problems: [{ invariant: 'determinism', text: 'two runs have different logs' }] });
      return;
    }
    tally.seeds++;
    tally.events += result.events;
    for (const [name, value] of result.counters) tally.sums.set(name, (tally.sums.get(name) ?? 0) + value);
    if (result.problems.length > 0) failed(result);
    if ((job.seed - first) % twiceEvery === 0) {
      hashes.set(job.seed, result.hash);
      again.push(job.seed);
    }
  });
  await pool.close();
  return tally;
};

/** Seeds on all cores; failures are shrunk and saved. True when all went well and everything rare was reached. */
export const many = async (wish: Many): Promise<boolean> => {
  const began = performance.now();
  const { seeds, twice, events, hours, sums, failed } = await runAll(wish, began);
  const seconds = (performance.now() - began) / 1_000;
  const faults = faultsIn(sums);
  const missing = neverReached(sums, seeds);
  console.log(
    [...sums]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  );
  console.log(
    `${seeds} of ${wish.seeds} seeds (from ${wish.first}) x ${wish.hours} h: ${failed.length} failed, ${events} events, ${hours.toFixed(0)} simulated hours in ` +
      `${seconds.toFixed(1)} s (${(hours / seconds).toFixed(1)} h/s), ${faults} faults (${(faults / seconds).toFixed(0)}/s), ${twice} run twice`,
  );
  if (missing.early.length > 0) console.log(`never happened (too few seeds to count): ${missing.early.join(', ')}`);
  if (missing.failed.length > 0) console.log(`FAILS: never happened: ${missing.failed.join(', ')}`);
  if (!wish.keep) for (const { seed } of failed.slice(0, mostShrunk)) await explain({ seed, hours: wish.hours });
  return failed.length === 0 && missing.failed.length === 0;
};
