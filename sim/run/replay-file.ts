import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { plantOf } from '../planted/index.ts';
import type { Options } from '../simulate.ts';
import type { Failure } from './shrink.ts';

const commit = (): string => {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
};

/** Writes what it takes to have a failure again; returns the file's name. */
export const saveFailure = ({ options, outcome }: Failure, file = `sim-replay-${outcome.seed}.json`): string => {
  const { plant, keepTrace: _, ...rest } = options;
  const planted = plant === undefined ? {} : { plant: plant.name };
  const saved = { commit: commit(), invariant: outcome.problems[0], hash: outcome.hash, ...rest, swarm: outcome.swarm, ...planted };
  writeFileSync(file, `${JSON.stringify(saved, null, 2)}\n`);
  return file;
};

export const loadFailure = (file: string): Options => {
  const { commit: _, invariant: __, hash: ___, plant, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  return plant === undefined ? rest : { ...rest, plant: plantOf(plant) };
};
