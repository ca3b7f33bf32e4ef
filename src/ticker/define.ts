import type { Command } from '../core/command.ts';
import { definitionOf } from '../core/definition.ts';
import { scheduleKey, scheduleStream } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Commands } from '../ports/commands.ts';

/** Defines the schedules that the code has, or changes them when the code changed. Those of jobs with scopes are data: a person or a reactor defines them. */
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
      data: { definition: definitionOf(item, deps.build), activeFrom: activeFrom ?? now } as unknown as Json,
      asOf: now,
      by: `code, build ${deps.build}`,
    }));
  await deps.commands.sendMany(commands);
};
