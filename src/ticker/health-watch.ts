import type { Ailment, HealthState } from '../contexts/engine/health/events.ts';
import { messageOf } from '../core/errors.ts';
import type { Registry } from '../core/registry.ts';
import { streamOf } from '../core/stream.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Commands } from '../ports/commands.ts';
import type { Observers } from '../ports/observers.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { actorRow } from '../projections/due-queries.ts';
import { type HealthRow, healthOfAll } from '../projections/health.ts';

export type HealthWatchDeps = {
  readonly registry: Registry;
  readonly readModels: ReadModels;
  readonly commands: Commands;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observers: Observers;
};

const everyMs = 60_000;
const ailments: readonly string[] = ['late', 'never-ran', 'failing'];

const ailmentOf = (row: HealthRow): Ailment | null => (ailments.includes(row.status) ? (row.status as Ailment) : null);

/** One look at all jobs: what changed since the recorded alert is reported, and alarmed once. */
export const checkHealth = async (deps: HealthWatchDeps): Promise<void> => {
  const now = deps.clock.now();
  for (const row of await healthOfAll(deps.registry, deps.readModels, now)) {
    const stream = streamOf('engine.health', row.job);
    const known = ((await actorRow(deps.readModels, stream))?.state as HealthState | undefined)?.ailment ?? null;
    const ailment = ailmentOf(row);
    if (ailment === known) continue;
    const data = { job: row.job, ailment, since: row.since ?? now, message: row.message };
    const answer = await deps.commands.send({ id: deps.ids.next(), to: stream, type: 'ReportHealth', data, asOf: now });
    if (answer.kind !== 'accepted') continue;
    if (answer.events.includes('AlertCleared'))
      deps.observers.note({ kind: 'alert', alert: known ?? 'late', job: row.job, message: `${row.job} is well again`, open: false });
    if (ailment !== null)
      deps.observers.note({ kind: 'alert', alert: ailment, job: row.job, message: `${row.job}: ${row.message}`, open: true });
  }
};

/** Looks once a minute until it is stopped. */
export const watchHealth = async (deps: HealthWatchDeps, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await deps.clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    await checkHealth(deps).catch((error: unknown) =>
      deps.observers.note({ kind: 'log', level: 'warn', scope: 'health', message: messageOf(error) }),
    );
  }
};
