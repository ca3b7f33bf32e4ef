import { afterEach, beforeEach } from 'vitest';
import type { Position } from '../../../src/core/event.ts';
import { defineProjection, type Projection, type Row } from '../../../src/core/projection.ts';
import type { Commit, ReadModels } from '../../../src/ports/read-models.ts';

/** Read models to test. `reopen` closes them and opens others on the same data. */
export type OpenReadModels = { readonly readModels: ReadModels; reopen(): Promise<ReadModels>; close(): Promise<void> };
export type Open = () => Promise<OpenReadModels>;

/** Read models for each test; `models()` are those that are open now. */
export const useReadModels = (open: Open): { models(): ReadModels; reopen(): Promise<void> } => {
  let opened: OpenReadModels;
  let current: ReadModels;
  beforeEach(async () => {
    opened = await open();
    current = opened.readModels;
  });
  afterEach(() => opened.close());
  return {
    models: () => current,
    reopen: async () => {
      current = await opened.reopen();
    },
  };
};

export const at = (place: number): Position => String(place).padStart(16, '0') as Position;

/** One table with a composite key and a column of each type, and one with a key of an integer. */
export const sample = (version = 1): Projection =>
  defineProjection({
    name: 'sample',
    version,
    tables: [
      {
        name: 'places',
        columns: { board: 'text', player: 'text', score: 'integer', note: 'text', extra: 'json' },
        key: ['board', 'player'],
        indexes: [['board', 'score'], ['player']],
      },
      { name: 'counts', columns: { n: 'integer', word: 'text' }, key: ['n'] },
    ],
    apply: () => undefined,
  });

export const place = (board: string, player: string, score: number | null, more: Row = {}): Row => ({
  board,
  player,
  score,
  note: null,
  extra: null,
  ...more,
});

type Change = Partial<Pick<Commit, 'build' | 'removes' | 'removeWheres'>> & {
  readonly places?: readonly Row[];
  readonly counts?: readonly Row[];
};

/** A commit of the sample from one place in the log to the next. */
export const commitOf = (previous: number | null, next: number, { places = [], counts = [], ...more }: Change = {}): Commit => ({
  projection: 'sample',
  build: 'live',
  puts: [...places.map((row) => ({ table: 'places', row })), ...counts.map((row) => ({ table: 'counts', row }))],
  removes: [],
  removeWheres: [],
  previous: previous === null ? null : at(previous),
  next: at(next),
  ...more,
});

export const players = (rows: readonly Row[]): unknown[] => rows.map((row) => row.player);
