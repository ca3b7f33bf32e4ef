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
    traceparent: 'text',
    lastActor: 'text',
  },
  key: ['slot'],
  indexes: [['openedAt'], ['job', 'openedAt'], ['verdict', 'openedAt'], ['job', 'verdict', 'openedAt']],
};

/** Stretches of slots that were not opened. */
const skips: TableSpec = {
  name: 'skips',
  columns: { key: 'text', job: 'text', from: 'text', to: 'text', count: 'integer', reason: 'text', recordedAt: 'text' },
  key: ['key', 'to'],
  indexes: [['job', 'to']],
};

/** Figures of a job over all of its runs. */
const stats: TableSpec = {
  name: 'job_stats',
  columns: {
    job: 'text',
    total: 'integer',
    completed: 'integer',
    failed: 'integer',
    cancelled: 'integer',
    timedOut: 'integer',
    skipped: 'integer',
    totalDurationMs: 'integer',
    lastSlot: 'text',
    lastVerdict: 'text',
    lastRunAt: 'text',
    lastSuccessAt: 'text',
    lastFailureAt: 'text',
    failingSince: 'text',
    activeFrom: 'text',
    failuresInARow: 'integer',
  },
  key: ['job'],
};

/** Who gave a schedule its present definition; a run copies it when its slot opens. */
const definers: TableSpec = { name: 'schedule_definers', columns: { key: 'text', definedBy: 'text' }, key: ['key'] };

export const runTables: readonly TableSpec[] = [runs, skips, stats, definers];
