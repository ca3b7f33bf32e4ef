import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from './audit/finding.ts';

export type Options = {
  readonly seed: number;
  /** What CI runs: fewer of everything. */
  readonly quick: boolean;
  /** A folder of the suite's own, gone afterwards. */
  readonly folder: string;
  /** Progress, for stderr. */
  progress(text: string): void;
};

/** What a suite found: `runs` of processes or images, `faults` that were injected. */
export type Result = {
  readonly runs: number;
  readonly faults: number;
  readonly findings: readonly Finding[];
  readonly remarks?: readonly string[];
};

export type Suite = { readonly name: string; readonly title: string; run(options: Options): Promise<Result> };

export type Row = Result & { readonly name: string; readonly seconds: number };

/** Runs one suite in a folder of its own. What it throws is a finding too: a check that could not be made has failed. */
export const runSuite = async (suite: Suite, options: Omit<Options, 'folder'>, keep = false): Promise<Row> => {
  const folder = mkdtempSync(join(tmpdir(), `carillon-chaos-${suite.name}-`));
  const before = performance.now();
  const seconds = (): number => (performance.now() - before) / 1_000;
  try {
    const result = await suite.run({ ...options, folder });
    return { ...result, name: suite.name, seconds: seconds() };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { name: suite.name, runs: 0, faults: 0, findings: [{ kind: 'wrong', text }], seconds: seconds() };
  } finally {
    if (keep) options.progress(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
};

/** Does `work` on each item, at most `limit` at once. */
export const inLanes = async <T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> => {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: limit }, lane));
};
