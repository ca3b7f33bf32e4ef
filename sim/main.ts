import { parseArgs } from 'node:util';
import { plantOf } from './planted/index.ts';
import { many } from './run/many.ts';
import { plantedTable } from './run/planted-table.ts';
import { loadFailure } from './run/replay-file.ts';
import { catchStray } from './run/stray.ts';
import { describe, timelineOf } from './run/timeline.ts';
import { type Options, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    hours: { type: 'string', default: '2' },
    first: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
    ci: { type: 'boolean', default: false },
    nightly: { type: 'boolean', default: false },
    seed: { type: 'string' },
    replay: { type: 'string' },
    planted: { type: 'boolean', default: false },
    plant: { type: 'string' },
    trace: { type: 'boolean', default: false },
    grep: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});

/** One seed with its timeline. */
const one = async (options: Options): Promise<boolean> => {
  const outcome = await simulate({ ...options, keepTrace: true });
  for (const line of values.trace ? outcome.trace : timelineOf(outcome, values.grep)) console.log(line);
  if (outcome.problems.length > 0) console.log(describe(outcome));
  console.log(`seed ${outcome.seed}: ${outcome.problems.length} problems, ${outcome.events} events, hash ${outcome.hash}`);
  console.log(JSON.stringify(outcome.swarm), Object.fromEntries(outcome.counters));
  return outcome.problems.length === 0;
};

const run = (): Promise<boolean> => {
  const [hours, keep] = [Number(values.hours), values.keep];
  if (values.replay !== undefined) return one(loadFailure(values.replay));
  if (values.planted) return plantedTable(Number(values.seeds), hours, values.grep);
  const plant = values.plant === undefined ? {} : { plant: plantOf(values.plant) };
  if (values.seed !== undefined) return one({ seed: Number(values.seed), hours, ...plant });
  // So long that a push gets its answer in three minutes, and a night is used.
  if (values.ci) return many({ first: 1, seeds: 500, hours: 2, minutes: 2.5, keep });
  if (values.nightly) return many({ first: 1, seeds: 20_000, hours: 4, minutes: 110, keep });
  return many({ first: Number(values.first), seeds: Number(values.seeds), hours, minutes: Number(values.minutes), keep });
};

catchStray();
process.exitCode = (await run()) ? 0 : 1;
