import type { Finding } from './audit/finding.ts';
import { type Row, runSuite, type Suite } from './suite.ts';

export type RunOptions = { readonly seed: number; readonly quick: boolean; readonly keep: boolean };

/** Findings that are printed of a suite. */
const shown = 20;
const columns = ['runs', 'faults', 'lost', 'doubled', 'stuck', 'wrong', 'seconds'] as const;

const line = (row: Row, nameWidth: number): string => {
  const of = (kind: Finding['kind']): number => row.findings.filter((finding) => finding.kind === kind).length;
  const cells = [row.runs, row.faults, of('lost'), of('doubled'), of('stuck'), of('wrong'), row.seconds.toFixed(1)];
  return `${row.name.padEnd(nameWidth)} ${cells.map((cell) => String(cell).padStart(8)).join(' ')}  ${(row.remarks ?? []).join('; ')}`.trimEnd();
};

/** Runs suites one after the other and prints a row of each. True when nothing was found. */
export const runSuites = async (suites: readonly Suite[], { seed, quick, keep }: RunOptions): Promise<boolean> => {
  const nameWidth = Math.max('SUITE'.length, ...suites.map(({ name }) => name.length));
  console.log(`${'SUITE'.padEnd(nameWidth)} ${columns.map((column) => column.toUpperCase().padStart(8)).join(' ')}`);
  let found = 0;
  for (const suite of suites) {
    process.stderr.write(`${suite.name}: ${suite.title}\n`);
    const row = await runSuite(suite, { seed, quick, progress: (text) => void process.stderr.write(`  ${text}\n`) }, keep);
    console.log(line(row, nameWidth));
    for (const { kind, text } of row.findings.slice(0, shown)) console.log(`  ${kind}: ${text}`);
    if (row.findings.length > shown) console.log(`  ... and ${row.findings.length - shown} more`);
    found += row.findings.length;
  }
  return found === 0;
};
