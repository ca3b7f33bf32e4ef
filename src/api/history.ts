import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import { scheduleKey, scheduleStream } from '../core/ids.ts';
import type { Scheduled } from '../core/job.ts';
import { actorRow } from '../projections/due-queries.ts';
import { healthOf } from '../projections/health.ts';
import { listRuns, type RunRow } from '../projections/run-queries.ts';
import { statsOf as figuresOf, getStats } from '../projections/stats.ts';
import { nextOf, timetableText } from './schedules.ts';
import type { Service } from './service.ts';

/** One finished run in the words of the source documents (checklist A6, A8, A9), with more fields. */
export type Execution = {
  readonly name: string;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly success: boolean;
  readonly durationMs: number;
  readonly error?: string;
  readonly slot: string;
  readonly verdict: string;
  readonly cause: string;
  readonly due: number;
  readonly changed: number;
  readonly parked: number;
};

const executionOf = (run: RunRow): Execution => {
  const { job, openedAt, closedAt, verdict, durationMs, message, slot, cause, due, changed, parked } = run;
  const success = verdict === 'completed';
  const error = success ? {} : { error: message ?? verdict };
  return {
    name: job,
    startedAt: openedAt,
    completedAt: closedAt ?? openedAt,
    success,
    durationMs: durationMs ?? 0,
    ...error,
    slot,
    verdict,
    cause,
    due,
    changed,
    parked,
  };
};

/** The newest finished runs, newest first. Open ones are passed over. */
export const historyOf = async ({ readModels }: Service, query: { limit: number; job?: string }): Promise<Execution[]> => {
  const found: Execution[] = [];
  for (let before: RunRow | undefined; ; ) {
    const page = await listRuns(readModels, {
      ...query,
      ...(before === undefined ? {} : { before: { openedAt: before.openedAt, slot: before.slot } }),
    });
    found.push(...page.filter((run) => run.verdict !== 'open').map(executionOf));
    before = page.at(-1);
    if (found.length >= query.limit || page.length < query.limit || before === undefined) return found.slice(0, query.limit);
  }
};

/** Figures over all runs, not the newest hundred. */
export const statsOf = ({ readModels }: Service) => figuresOf(readModels);

const jobNow = async (service: Service, item: Scheduled) => {
  const { readModels, registry, clock } = service;
  const [stats, row] = await Promise.all([getStats(readModels, item.name), actorRow(readModels, scheduleStream(scheduleKey(item.name)))]);
  const state = row === null ? null : (row.state as unknown as ScheduleState);
  const health = healthOf(item, stats, state, clock.now());
  const { name, title, aliases = [], schedule, zone, enabled = true } = item;
  return {
    name,
    title,
    zone,
    aliases: [...aliases],
    kind: registry.jobs.has(name) ? 'job' : 'task',
    schedule: timetableText(schedule),
    enabled: state?.definition?.enabled ?? enabled,
    paused: state?.paused ?? null,
    lastRun: stats?.lastRunAt ?? null,
    nextRun: state === null ? null : nextOf(state),
    lastResult:
      stats === null || stats.lastVerdict === null
        ? null
        : { success: stats.lastVerdict === 'completed', verdict: stats.lastVerdict, slot: stats.lastSlot },
    isRunning: state !== null && state.open !== null,
    runs: stats?.total ?? 0,
    failures: stats === null ? 0 : stats.failed + stats.timedOut,
    health: health.status,
    healthMessage: health.message,
  };
};

/** Every job and task of this build as it stands now (checklist X5). */
export const jobsNow = (service: Service) => Promise.all([...service.registry.scheduled.values()].map((item) => jobNow(service, item)));
