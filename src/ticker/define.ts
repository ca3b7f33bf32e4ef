import type { Definition } from '../contexts/engine/schedule/events.ts';
import type { Command } from '../core/command.ts';
import { scheduleKey, scheduleStream } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Scheduled } from '../core/job.ts';
import type { Json } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Commands } from '../ports/commands.ts';

/** The definition that the code gives a job's or task's schedule. */
export const definitionOf = (registry: Registry, item: Scheduled, build: number, scope = ''): Definition => ({
  job: item.name,
  scope,
  schedule: item.schedule,
  zone: item.zone,
  enabled: item.enabled ?? true,
  catchUp: registry.jobs.get(item.name)?.takesEffect === 'at-due' ? 'due' : (item.catchUp ?? 'latest'),
  overlap: item.overlap ?? 'skip',
  build,
});

/** Defines the schedules that the code has, or changes them when the code changed. Jobs with scopes are defined per scope by their own service. */
export const defineSchedules = async (
  deps: { registry: Registry; commands: Commands; clock: Clock; ids: Ids; build: number },
  activeFrom?: Instant,
): Promise<void> => {
  const now = deps.clock.now();
  const commands: Command[] = [...deps.registry.scheduled.values()]
    .filter((item) => deps.registry.jobs.get(item.name)?.scopeOf === undefined)
    .map((item) => ({
      id: deps.ids.next(),
      to: scheduleStream(scheduleKey(item.name)),
      type: 'DefineSchedule',
      data: { definition: definitionOf(deps.registry, item, deps.build), activeFrom: activeFrom ?? now } as unknown as Json,
      asOf: now,
      by: `code, build ${deps.build}`,
    }));
  await deps.commands.sendMany(commands);
};
