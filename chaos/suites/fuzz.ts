import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../audit/finding.ts';
import { start } from '../processes.ts';
import type { Suite } from '../suite.ts';

const fuzzer = join(import.meta.dirname, '../children/fuzz.ts');

export const fuzz: Suite = {
  name: 'fuzz',
  title: 'any input for every operation of the OpenAPI document',
  run: async ({ folder, seed, quick, progress }) => {
    const findings: Finding[] = [];
    let operations = 0;
    let counts = '0 0 0';
    // A backup may be asked for any relative folder: all of them lie in here.
    const cwd = join(folder, 'a/b/c/d');
    mkdirSync(cwd, { recursive: true });
    const child = start(
      [process.execPath, fuzzer, join(folder, 'data'), String(quick ? 20 : 200), String(seed)],
      (line) => {
        const rest = line.slice(line.indexOf(' ') + 1);
        if (line.startsWith('operation ')) operations++;
        if (line.startsWith('finding ')) findings.push({ kind: 'wrong', text: rest });
        if (line.startsWith('done ')) counts = rest;
        if (line.startsWith('operation ') && operations % 10 === 0) progress(`${operations} operations`);
      },
      { cwd },
    );
    const { code } = await child.exited;
    if (code !== 0) findings.push({ kind: 'wrong', text: `the fuzzed process ended with ${code}: ${child.errors()}` });
    const [requests = 0, refused = 0, slowest = 0] = counts.split(' ').map(Number);
    const remarks = [`${operations} operations`, `${refused} refused`, `slowest ${slowest} ms`];
    return { runs: 1, faults: requests, findings, remarks };
  },
};
