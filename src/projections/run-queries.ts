import type { Cause, SkipReason, Verdict } from '../contexts/engine/schedule/events.ts';
import type { Instant } from '../core/instant.ts';
import type { Row } from '../core/projection.ts';
import type { ReadModels } from '../ports/read-models.ts';

export { runsName } from './runs.ts';

/** One opened slot. `verdict` is `open` until it has one. */
export type RunRow = {
  readonly slot: string;
  readonly key: string;
  readonly job: string;
  readonly scope: string;
  readonly at: Instant;
  readonly cause: Cause;
  readonly by: string | null;
  readonly reason: string | null;
  readonly openedAt: Instant;
  readonly closedAt: Instant | null;
  readonly verdict: Verdict | 'open';
  readonly due: number;
  readonly changed: number;
  readonly parked: number;
  readonly events: { readonly [type: string]: number };
  readonly durationMs: number | null;
  readonly message: string | null;
  readonly version: number;
  /** Who gave the schedule that version: `code`, or a person's name. Null when its definition is not in the log any more. */
  readonly definedBy: string | null;
  readonly traceparent: string | null;
};

export type SkipRow = {
  readonly key: string;
  readonly job: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly count: number;
  readonly reason: SkipReason;
  readonly recordedAt: Instant;
};

/** Figures of one job over all of its runs. Durations in milliseconds. */
export type StatsRow = {
  readonly job: string;
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly timedOut: number;
  readonly skipped: number;
  readonly totalDurationMs: number;
  readonly lastSlot: string | null;
  readonly lastVerdict: Verdict | null;
  readonly lastRunAt: Instant | null;
  readonly lastSuccessAt: Instant | null;
  readonly lastFailureAt: Instant | null;
  /** The first failure since the last success. */
  readonly failingSince: Instant | null;
  readonly activeFrom: Instant | null;
  readonly failuresInARow: number;
};

const toRun = (row: Row): RunRow => row as unknown as RunRow;

/** Opened slots, newest first; `before` is the last row of the page before. */
export const listRuns = async (
  readModels: ReadModels,
  { job, verdict, limit, before }: { job?: string; verdict?: string; limit: number; before?: { openedAt: string; slot: string } },
): Promise<readonly RunRow[]> => {
  const where = { ...(job === undefined ? {} : { job }), ...(verdict === undefined ? {} : { verdict }) };
  const index = [...Object.keys(where), 'openedAt'];
  const after = before === undefined ? {} : { after: { openedAt: before.openedAt, slot: before.slot } };
  return (await readModels.list('runs', { index, where, descending: true, limit, ...after })).map(toRun);
};

export const getRun = async (readModels: ReadModels, slot: string): Promise<RunRow | null> => {
  const [row] = await readModels.get('runs', [[slot]]);
  return row === null || row === undefined ? null : toRun(row);
};

export const getStats = async (readModels: ReadModels, job: string): Promise<StatsRow | null> => {
  const [row] = await readModels.get('job_stats', [[job]]);
  return row === null || row === undefined ? null : (row as unknown as StatsRow);
};

export const listSkips = async (readModels: ReadModels, job: string, limit: number): Promise<readonly SkipRow[]> =>
  (await readModels.list('skips', { index: ['job', 'to'], where: { job }, descending: true, limit })) as unknown as readonly SkipRow[];

/** Successes in percent with two decimals: 40 of 42 is 95.24 (checklist A6). 0 without a run. */
export const successRate = (successful: number, total: number): number =>
  total === 0 ? 0 : Math.round((successful / total) * 10_000) / 100;

const maxJobs = 10_000;

/** Figures of one job, or of all, over all runs (checklist A6). */
export const statsOf = async (
  readModels: ReadModels,
  job?: string,
): Promise<{ totalExecutions: number; successfulExecutions: number; failedExecutions: number; successRate: number }> => {
  const rows =
    job === undefined
      ? ((await readModels.list('job_stats', { limit: maxJobs })) as unknown as readonly StatsRow[])
      : [await getStats(readModels, job)];
  const total = rows.reduce((sum, row) => sum + (row?.total ?? 0), 0);
  const completed = rows.reduce((sum, row) => sum + (row?.completed ?? 0), 0);
  return {
    totalExecutions: total,
    successfulExecutions: completed,
    failedExecutions: total - completed,
    successRate: successRate(completed, total),
  };
};
