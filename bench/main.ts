import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { boards } from './boards.ts';
import { appends, commandLatency, independentCommands } from './commands.ts';
import { dueActors } from './due-actors.ts';
import { growth } from './growth.ts';
import { idle } from './idle.ts';
import { rebuilds } from './rebuild.ts';
import { slotLatency } from './slots.ts';
import { CheckFailed, type Row, type Work } from './support.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    growth: { type: 'boolean', default: false },
    broken: { type: 'boolean', default: false },
    distributed: { type: 'boolean', default: false },
  },
});

const works: Readonly<Record<string, Work>> = {
  dueActors,
  independentCommands,
  commandLatency,
  slotLatency,
  appends,
  rebuilds,
  boards,
  idle,
};
// A million actors take minutes: only when asked for.
const all: Readonly<Record<string, Work>> = values.growth || values.only === 'growth' || values.broken ? { ...works, growth } : works;
const named = async (): Promise<Readonly<Record<string, Work>>> =>
  values.distributed ? { distributed: (await import('./distributed.ts')).distributed } : all;
const chosen = Object.entries(await named()).filter(([name]) => values.only === undefined || values.only === name);
if (chosen.length === 0) {
  console.error(`--only ${values.only} is none of ${Object.keys({ ...works, growth }).join(', ')}`);
  process.exit(2);
}

const print = (columns: readonly (keyof Row)[], rows: readonly Row[]): void => {
  const width = (column: keyof Row): number => Math.max(column.length, ...rows.map((row) => String(row[column]).length));
  console.log(columns.map((column) => column.toUpperCase().padEnd(width(column))).join('  '));
  for (const row of rows)
    console.log(
      columns
        .map((column) => (column === 'met' ? (row.met ? 'met' : 'no') : String(row[column])).padEnd(width(column)))
        .join('  ')
        .trimEnd(),
    );
};

const measure = async (): Promise<void> => {
  const rows: Row[] = [];
  for (const [name, work] of chosen) {
    process.stderr.write(`${name} ...\n`);
    rows.push(...(await work(values.quick ? 0.2 : 1, false)));
  }
  print(['work', 'figure', 'reach', 'met', 'check', 'beside'], rows);
};

/** A check that cannot fail is none: each work is run with a defect, and must say so. */
const provoke = async (): Promise<void> => {
  let silent = 0;
  for (const [name, work] of chosen) {
    const told = await work(0.02, true).then(
      () => null,
      (error: unknown) => {
        if (error instanceof CheckFailed) return error.message;
        throw error;
      },
    );
    if (told === null) silent += 1;
    console.log(`${name.padEnd(20)} ${told === null ? 'NOTHING NOTICED' : `noticed: not so that ${told}`}`);
  }
  process.exitCode = silent === 0 ? 0 : 1;
};

console.log(
  `${cpus().length} x ${cpus()[0]?.model}, Node ${process.versions.node}, SQLite ${process.versions.sqlite}, synchronous=FULL, answered after the fsync${values.quick ? ', quick' : ''}`,
);
await (values.broken ? provoke() : measure());
