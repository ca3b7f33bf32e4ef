import type { Ailment, HealthState } from '../contexts/engine/health/events.ts';
import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
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

/** What the log's own alert of a job says; an index that is behind costs an ignored report, never a second alert. */
const knownOf = async ({ readModels }: HealthWatchDeps, stream: StreamName): Promise<Ailment | null> =>
  ((await actorRow(readModels, stream))?.state as HealthState | undefined)?.ailment ?? null;

const report = async (deps: HealthWatchDeps, row: HealthRow, now: Instant): Promise<void> => {
  const stream = streamOf('engine.health', row.job);
  const known = await knownOf(deps, stream);
  const ailment = ailmentOf(row);
  if (ailment === known) return;
  const data = { job: row.job, ailment, since: row.since ?? now, message: row.message };
  const answer = await deps.commands.send({ id: deps.ids.next(), to: stream, type: 'ReportHealth', data, asOf: now });
  if (answer.kind !== 'accepted') return;
  if (answer.events.includes('AlertCleared')) {
    const over = row.status === 'healthy' ? 'is well again' : `is no longer ${known ?? 'late'} (${row.message})`;
    deps.observers.note({ kind: 'alert', alert: known ?? 'late', job: row.job, message: `${row.job} ${over}`, open: false });
  }
  if (ailment !== null)
    deps.observers.note({ kind: 'alert', alert: ailment, job: row.job, message: `${row.job}: ${row.message}`, open: true });
};

const warn = ({ observers }: HealthWatchDeps, error: unknown, facts: Readonly<Record<string, unknown>> = {}): void =>
  observers.note({ kind: 'log', level: 'warn', scope: 'health', message: messageOf(error), facts });

/** One look at all jobs: what changed since the recorded alert is reported, and alarmed once. A job whose report fails keeps no other back. */
export const checkHealth = async (deps: HealthWatchDeps): Promise<void> => {
  const now = deps.clock.now();
  for (const row of await healthOfAll(deps.registry, deps.readModels, now))
    await report(deps, row, now).catch((error: unknown) => warn(deps, error, { job: row.job }));
};

/** Looks once a minute until it is stopped. */
export const watchHealth = async (deps: HealthWatchDeps, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await deps.clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    await checkHealth(deps).catch((error: unknown) => warn(deps, error));
  }
};
