import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import { nextPending } from '../contexts/engine/schedule/slots-of.ts';
import { scheduleKey, scheduleStream } from '../core/ids.ts';
import { type Instant, toMs } from '../core/instant.ts';
import type { Scheduled } from '../core/job.ts';
import type { Registry } from '../core/registry.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { actorRow } from './due-queries.ts';
import { getStats, type Stats } from './stats.ts';

export type HealthRow = {
  readonly job: string;
  readonly status: 'healthy' | 'late' | 'never-ran' | 'failing' | 'paused' | 'disabled';
  /** When the present trouble began; null when there is none. */
  readonly since: Instant | null;
  readonly lastSuccessAt: Instant | null;
  readonly nextSlotAt: Instant | null;
  /** In plain words. */
  readonly message: string;
};

/** 90 minutes -> "1 h 30 min". */
export const inWords = (minutes: number): string => {
  const whole = Math.max(0, Math.round(minutes));
  if (whole < 60) return `${whole} min`;
  if (whole < 48 * 60) return whole % 60 === 0 ? `${whole / 60} h` : `${Math.floor(whole / 60)} h ${whole % 60} min`;
  return `${Math.floor(whole / 1440)} days`;
};

const failingInWords = (verdict: 'failed' | 'timed-out', times: number): string => {
  const what = verdict === 'failed' ? 'failed' : 'timed out';
  return times > 1 ? `its last run ${what}, ${times} failures in a row` : `its last run ${what}`;
};

/**
 * Whether a job is well (checklist B6): its last verdict, and the age of its last success against `healthyWithinMinutes`.
 * One that never ran counts from when its schedule became active (mission decision 18).
 */
export const healthOf = (item: Scheduled, stats: Stats | null, state: ScheduleState | null, now: Instant): HealthRow => {
  const lastSuccessAt = stats?.lastSuccessAt ?? null;
  const row = { job: item.name, lastSuccessAt, nextSlotAt: state === null ? null : nextPending(state) };
  if (state?.paused) return { ...row, status: 'paused', since: state.paused.since, message: `paused: ${state.paused.reason}` };
  if (state?.status === 'removed') return { ...row, status: 'disabled', since: null, message: 'its schedule was removed' };
  if (state?.definition?.enabled === false || (state === null && item.enabled === false))
    return { ...row, status: 'disabled', since: null, message: 'disabled by its settings' };
  const verdict = stats?.lastVerdict;
  if (verdict === 'failed' || verdict === 'timed-out')
    return {
      ...row,
      status: 'failing',
      since: stats?.failingSince ?? null,
      message: failingInWords(verdict, stats?.failuresInARow ?? 1),
    };
  const from = lastSuccessAt ?? stats?.activeFrom ?? null;
  if (from === null) return { ...row, status: 'healthy', since: null, message: 'not active yet' };
  const age = (toMs(now) - toMs(from)) / 60_000;
  const over = age - item.healthyWithinMinutes;
  if (over <= 0)
    return {
      ...row,
      status: 'healthy',
      since: null,
      message: lastSuccessAt === null ? 'waits for its first slot' : `last success ${inWords(age)} ago`,
    };
  if (lastSuccessAt === null)
    return {
      ...row,
      status: 'never-ran',
      since: from,
      message: `${(stats?.total ?? 0) > 0 ? 'no run succeeded yet' : 'never ran'}: active for ${inWords(age)}, allowed are ${inWords(item.healthyWithinMinutes)}`,
    };
  return {
    ...row,
    status: 'late',
    since: lastSuccessAt,
    message: `${inWords(over)} late: the last success was ${inWords(age)} ago, allowed are ${inWords(item.healthyWithinMinutes)}`,
  };
};

/** The health of every job and task of the code. */
export const healthOfAll = (registry: Registry, readModels: ReadModels, now: Instant): Promise<readonly HealthRow[]> =>
  Promise.all(
    [...registry.scheduled.values()].map(async (item) => {
      const [stats, row] = await Promise.all([
        getStats(readModels, item.name),
        actorRow(readModels, scheduleStream(scheduleKey(item.name))),
      ]);
      return healthOf(item, stats, (row?.state as ScheduleState | undefined) ?? null, now);
    }),
  );
