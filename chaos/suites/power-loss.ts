import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrng, type Prng } from '../../sim/prng.ts';
import type { Finding } from '../audit/finding.ts';
import { checkImage } from '../power/check.ts';
import { powerCuts } from '../power/images.ts';
import { type Op, readTrace, traced } from '../power/trace.ts';
import { start } from '../processes.ts';
import type { Result, Suite } from '../suite.ts';

const appender = join(import.meta.dirname, '../children/appender.ts');
/** Longer than any write. */
const mostBytes = 1_000_000;
/** Images with the syncs taken out of the trace: they must lose something, else the check finds nothing. */
const controls = 10;

const straceIsThere = async (): Promise<boolean> => {
  const child = start(['strace', '-V'], () => undefined);
  return child.exited.then(
    ({ code }) => code === 0,
    () => false,
  );
};

/** Half of the cuts anywhere, half close to a sync or a truncation, where files change hands. */
const drawCuts = (ops: readonly Op[], count: number, draw: Prng): number[] => {
  const first = ops.findIndex((op) => op.kind === 'said');
  const tight = [...ops.entries()]
    .filter(([index, op]) => index > first && (op.kind === 'sync' || op.kind === 'truncate'))
    .map(([index]) => index);
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 0 ? draw.int(first, ops.length - 1) : Math.min(ops.length - 1, Math.max(first, draw.pick(tight) + draw.int(-2, 2))),
  ).sort((a, b) => a - b);
};

const checkAll = async (ops: readonly Op[], cuts: readonly number[], draw: Prng, folder: string): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const image of powerCuts(ops, cuts, draw)) findings.push(...(await checkImage(image, folder)));
  return findings;
};

export const powerLoss: Suite = {
  name: 'power-loss',
  title: 'images of the SQLite files as a power cut may leave them, from a trace of a run of acknowledged appends',
  run: async ({ folder, seed, quick, progress }): Promise<Result> => {
    if (!(await straceIsThere()))
      return { runs: 0, faults: 0, findings: [], remarks: ['NOT RUN: strace is missing (apt-get install strace)'] };
    const data = join(folder, 'data');
    mkdirSync(data);
    const trace = join(folder, 'trace');
    const rounds = quick ? 150 : 900;
    const command = ['strace', '-y', '-xx', '-s', String(mostBytes), '-e', `trace=${traced}`, '-o', trace];
    const child = start([...command, process.execPath, appender, data, String(rounds), String(seed)], () => undefined);
    const { code } = await child.exited;
    if (code !== 0) throw new Error(`the traced run ended with ${code}: ${child.errors()}`);
    const ops = await readTrace(trace, data);
    const count = (kind: Op['kind']): number => ops.filter((op) => op.kind === kind).length;
    progress(`${count('write')} writes, ${count('sync')} syncs, ${count('truncate')} truncations, ${count('said')} acknowledgements`);

    const draw = createPrng(seed, 'power');
    const images = quick ? 50 : 500;
    // Images are rewritten all the time; whether that goes to a disk does not matter.
    const place = join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), `carillon-chaos-image-${process.pid}`);
    const findings = await checkAll(ops, drawCuts(ops, images, draw), draw, place);
    const unsynced = ops.filter((op) => op.kind !== 'sync');
    const control = await checkAll(unsynced, drawCuts([...unsynced, { kind: 'sync', file: '' }], controls, draw), draw, place);
    if (!control.some(({ kind }) => kind === 'lost'))
      findings.push({ kind: 'wrong', text: `without syncs ${controls} images lost nothing: the check is blind` });
    const copied = ops.filter((op) => op.kind === 'write' && op.file.endsWith('events.db')).length;
    return {
      runs: 1,
      faults: images,
      findings,
      remarks: [`${count('sync')} syncs`, `${copied} writes to events.db itself`, `${control.length} losses without syncs`],
    };
  },
};
