import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { boards } from './boards.ts';
import { appends, commandLatency, independentCommands } from './commands.ts';
import { dueActors } from './due-actors.ts';
import { rebuilds } from './rebuild.ts';
import { slotLatency } from './slots.ts';
import type { Row } from './support.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } } });
const scale = values.quick ? 0.2 : 1;

const works: Record<string, (scale: number) => Promise<readonly Row[]>> = {
  dueActors,
  independentCommands,
  commandLatency,
  slotLatency,
  appends,
  rebuilds,
  boards,
};

console.log(
  `${cpus().length} x ${cpus()[0]?.model}, Node ${process.versions.node}, SQLite ${process.versions.sqlite}, synchronous=FULL, answered after the fsync${values.quick ? ', quick' : ''}`,
);
const rows: Row[] = [];
for (const [name, work] of Object.entries(works)) {
  if (values.only !== undefined && values.only !== name) continue;
  process.stderr.write(`${name} ...\n`);
  rows.push(...(await work(scale)));
}
const width = (of: (row: Row) => string): number => Math.max(...rows.map((row) => of(row).length));
for (const row of rows) {
  console.log(
    `${row.work.padEnd(width((each) => each.work))}  ${row.figure.padEnd(width((each) => each.figure))}  reach ${row.reach.padEnd(width((each) => each.reach))}  ${row.met ? 'met   ' : 'MISSED'}  ${row.check}`,
  );
}
