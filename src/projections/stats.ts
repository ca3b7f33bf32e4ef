import type { ScheduleState, Verdict } from '../contexts/engine/schedule/events.ts';
import { scheduleStream } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { actorRow, listActors } from './due-queries.ts';

/** Figures of one job over all of its runs, also those that its ledger has dropped. Durations in milliseconds. */
export type Stats = {
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

const nothing = { completed: 0, failed: 0, cancelled: 0, timedOut: 0, skipped: 0, totalDurationMs: 0 };

/** The latest (or earliest) of some instants; null when there is none. */
const pick = (instants: readonly (Instant | null)[], last: boolean): Instant | null => {
  const known = instants.filter((at) => at !== null).sort();
  return known.at(last ? -1 : 0) ?? null;
};

/** What the schedules of one job (one, or one a scope) come to: each schedule's own state carries its figures. */
export const statsOfSchedules = (job: string, states: readonly ScheduleState[]): Stats => {
  const counts = states.reduce(
    (sum, { totals }) => ({
      completed: sum.completed + totals.completed,
      failed: sum.failed + totals.failed,
      cancelled: sum.cancelled + totals.cancelled,
      timedOut: sum.timedOut + totals['timed-out'],
      skipped: sum.skipped + totals.skipped,
      totalDurationMs: sum.totalDurationMs + totals.durationMs,
    }),
    nothing,
  );
  const last = states.map((state) => state.last).reduce((a, b) => (a === null || (b !== null && b.closedAt > a.closedAt) ? b : a), null);
  return {
    job,
    total: counts.completed + counts.failed + counts.cancelled + counts.timedOut,
    ...counts,
    lastSlot: last?.slot ?? null,
    lastVerdict: last?.verdict ?? null,
    lastRunAt: last?.closedAt ?? null,
    lastSuccessAt: pick(
      states.map((state) => state.lastSuccessAt),
      true,
    ),
    lastFailureAt: pick(
      states.map((state) => state.lastFailureAt),
      true,
    ),
    failingSince: pick(
      states.map((state) => state.failingSince),
      false,
    ),
    activeFrom: pick(
      states.map((state) => state.activeFrom),
      false,
    ),
    failuresInARow: Math.max(0, ...states.map((state) => state.failuresInARow)),
  };
};

const pageSize = 1_000;

/** The schedules whose stream begins with `prefix`, in the order of their names. */
const schedulesFrom = async (readModels: ReadModels, prefix: string): Promise<ScheduleState[]> => {
  const found: ScheduleState[] = [];
  for (let after = prefix; ; ) {
    const page = await listActors(readModels, 'engine.schedule', { after, limit: pageSize });
    const own = page.filter((row) => row.stream.startsWith(prefix));
    found.push(...own.map((row) => row.state as ScheduleState));
    after = page.at(-1)?.stream ?? after;
    if (own.length < pageSize) return found;
  }
};

/** Figures of one job; null when it never had a schedule. */
export const getStats = async (readModels: ReadModels, job: string): Promise<Stats | null> => {
  const stream = scheduleStream(job);
  const [own, scoped] = await Promise.all([actorRow(readModels, stream), schedulesFrom(readModels, `${stream}/`)]);
  const states = own === null ? scoped : [own.state as ScheduleState, ...scoped];
  return states.length === 0 ? null : statsOfSchedules(job, states);
};

/** Successes in percent with two decimals: 40 of 42 is 95.24 (checklist A6). 0 without a run. */
export const successRate = (successful: number, total: number): number =>
  total === 0 ? 0 : Math.round((successful / total) * 10_000) / 100;

/** Figures of one job, or of all, over all runs (checklist A6). */
export const statsOf = async (readModels: ReadModels, job?: string) => {
  const stats =
    job === undefined ? statsOfSchedules('', await schedulesFrom(readModels, scheduleStream(''))) : await getStats(readModels, job);
  const { total, completed } = stats ?? { total: 0, completed: 0 };
  return {
    totalExecutions: total,
    successfulExecutions: completed,
    failedExecutions: total - completed,
    successRate: successRate(completed, total),
  };
};
