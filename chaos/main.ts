import { parseArgs } from 'node:util';
import type { Finding } from './audit/finding.ts';
import { type Row, runSuite } from './suite.ts';
import { suites } from './suites/index.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    distributed: { type: 'boolean', default: false },
  },
});
if (values.distributed) {
  const { runDistributed } = await import('./distributed/run-distributed.ts');
  const only = values.only === undefined ? {} : { only: values.only.split(',') };
  const found = await runDistributed({ seed: Number(values.seed), quick: values.quick, ...only });
  process.exit(found.length > 0 ? 1 : 0);
}

/** Findings that are printed of a suite. */
const shown = 20;
const columns = ['runs', 'faults', 'lost', 'doubled', 'stuck', 'wrong', 'seconds'] as const;

const chosen = suites.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
if (chosen.length === 0) {
  process.stderr.write(`--only takes ${suites.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

const nameWidth = Math.max(...suites.map(({ name }) => name.length));
const cells = (row: Row): Record<(typeof columns)[number], string> => {
  const of = (kind: Finding['kind']): string => String(row.findings.filter((finding) => finding.kind === kind).length);
  const { runs, faults, seconds } = row;
  return {
    runs: String(runs),
    faults: String(faults),
    lost: of('lost'),
    doubled: of('doubled'),
    stuck: of('stuck'),
    wrong: of('wrong'),
    seconds: seconds.toFixed(1),
  };
};

console.log(`Node ${process.versions.node}, SQLite ${process.versions.sqlite}, seed ${values.seed}${values.quick ? ', quick' : ''}`);
console.log(`${'SUITE'.padEnd(nameWidth)} ${columns.map((column) => column.toUpperCase().padStart(8)).join(' ')}`);
let failed = false;
for (const suite of chosen) {
  process.stderr.write(`${suite.name}: ${suite.title}\n`);
  const progress = (text: string): void => void process.stderr.write(`  ${text}\n`);
  const row = await runSuite(suite, { seed: Number(values.seed), quick: values.quick, progress }, values.keep);
  const text = cells(row);
  console.log(
    `${row.name.padEnd(nameWidth)} ${columns.map((column) => text[column].padStart(8)).join(' ')}  ${(row.remarks ?? []).join('; ')}`.trimEnd(),
  );
  for (const { kind, text: what } of row.findings.slice(0, shown)) console.log(`  ${kind}: ${what}`);
  if (row.findings.length > shown) console.log(`  ... and ${row.findings.length - shown} more`);
  failed ||= row.findings.length > 0;
}
process.exit(failed ? 1 : 0);
