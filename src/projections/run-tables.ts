import type { TableSpec } from '../core/projection.ts';

/** One row per opened slot. `lastActor` is a hash: a run that is held for days must not keep the name of an erased actor. */
const runs: TableSpec = {
  name: 'runs',
  columns: {
    slot: 'text',
    key: 'text',
    job: 'text',
    scope: 'text',
    at: 'text',
    cause: 'text',
    by: 'text',
    reason: 'text',
    openedAt: 'text',
    closedAt: 'text',
    verdict: 'text',
    due: 'integer',
    changed: 'integer',
    parked: 'integer',
    events: 'json',
    durationMs: 'integer',
    message: 'text',
    version: 'integer',
    definedBy: 'text',
    chapter: 'text',
    traceparent: 'text',
    lastActor: 'text',
  },
  key: ['slot'],
  indexes: [['openedAt'], ['job', 'openedAt'], ['verdict', 'openedAt'], ['job', 'verdict', 'openedAt'], ['chapter']],
};

/** Stretches of slots that were not opened. */
const skips: TableSpec = {
  name: 'skips',
  columns: { key: 'text', job: 'text', from: 'text', to: 'text', count: 'integer', reason: 'text', recordedAt: 'text', chapter: 'text' },
  key: ['key', 'to'],
  indexes: [['job', 'to'], ['chapter']],
};

export const runTables: readonly TableSpec[] = [runs, skips];
