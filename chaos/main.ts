import { parseArgs } from 'node:util';
import type { Suite } from './suite.ts';
import { suites } from './suites/index.ts';
import { runSuites } from './table.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    distributed: { type: 'boolean', default: false },
  },
});

/** A process for each role on private servers; nothing when those are not installed, which is said. */
const distributed = async (): Promise<readonly Suite[]> => {
  const { clusterInstalled } = await import('../test/support/cluster.ts');
  return clusterInstalled() ? (await import('./distributed/suites.ts')).distributedSuites : [];
};

const all = values.distributed ? await distributed() : suites;
const chosen = all.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
if (chosen.length === 0 && all.length > 0) {
  process.stderr.write(`--only takes ${all.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
console.log(`Node ${process.versions.node}, SQLite ${process.versions.sqlite}, seed ${values.seed}${values.quick ? ', quick' : ''}`);
const well = await runSuites(chosen, { seed: Number(values.seed), quick: values.quick, keep: values.keep });
process.exit(well ? 0 : 1);
