import { clusterInstalled } from '../../test/support/cluster.ts';
import type { Finding } from '../audit/finding.ts';
import { type Row, runSuite } from '../suite.ts';
import { distributedSuites } from './suites.ts';

export type DistributedOptions = {
  readonly seed: number;
  /** What CI runs: fewer of everything. */
  readonly quick: boolean;
  /** Only the suites of these names. */
  readonly only?: readonly string[];
};

const columns = ['runs', 'faults', 'lost', 'doubled', 'stuck', 'wrong', 'seconds'] as const;
/** Findings that are printed of a suite. */
const shown = 20;
const nameWidth = Math.max('DISTRIBUTED'.length, ...distributedSuites.map(({ name }) => name.length));

const print = ({ name, runs, faults, findings, seconds, remarks = [] }: Row): void => {
  const of = (kind: Finding['kind']): number => findings.filter((finding) => finding.kind === kind).length;
  const cells = [runs, faults, of('lost'), of('doubled'), of('stuck'), of('wrong'), seconds.toFixed(1)];
  console.log(`${name.padEnd(nameWidth)} ${cells.map((cell) => String(cell).padStart(8)).join(' ')}  ${remarks.join('; ')}`.trimEnd());
  for (const { kind, text } of findings.slice(0, shown)) console.log(`  ${kind}: ${text}`);
  if (findings.length > shown) console.log(`  ... and ${findings.length - shown} more`);
};

/**
 * `npm run chaos -- --distributed`: a process for each role on a private RabbitMQ and PostgreSQL, one row a suite. Gives what
 * it found; nothing when the servers are not installed, and says so.
 */
export const runDistributed = async ({ seed, quick, only }: DistributedOptions): Promise<readonly Finding[]> => {
  if (!clusterInstalled()) return [];
  console.log(`${'DISTRIBUTED'.padEnd(nameWidth)} ${columns.map((column) => column.toUpperCase().padStart(8)).join(' ')}`);
  const findings: Finding[] = [];
  for (const suite of distributedSuites) {
    if (only !== undefined && !only.includes(suite.name)) continue;
    process.stderr.write(`${suite.name}: ${suite.title}\n`);
    const row = await runSuite(suite, { seed, quick, progress: (text) => void process.stderr.write(`  ${text}\n`) });
    print(row);
    findings.push(...row.findings);
  }
  return findings;
};
