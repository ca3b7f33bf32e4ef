import { scheduleKey, scheduleStream } from './ids.ts';
import type { Instant } from './instant.ts';
import type { AnyJob, Scheduled, Task } from './job.ts';
import type { Json } from './json.ts';
import type { Reaction } from './reactor.ts';
import { type Timetable, validateTimetable } from './slots.ts';

/** What a schedule says: the part of a definition that decides which slots there are and what becomes of missed ones. */
export type Definition = {
  readonly job: string;
  readonly scope: string;
  readonly schedule: Timetable;
  readonly zone: string;
  readonly enabled: boolean;
  /** due: at-due jobs, whose missed slots are opened when something is due in them. */
  readonly catchUp: 'due' | 'latest' | 'all' | 'skip';
  readonly overlap: 'skip' | 'queue';
  /** The build that defined it, 0 for a schedule that is data; an older one never changes a newer definition. */
  readonly build: number;
};

/** What the schedule of a scope may say otherwise than its job. */
export type ScopedSchedule = { readonly schedule?: Timetable; readonly zone?: string; readonly enabled?: boolean };

type Item = Scheduled & Partial<Pick<AnyJob, 'takesEffect'>>;

/** The definition that the code gives a job's or task's schedule. */
export const definitionOf = (item: Item, build: number): Definition => ({
  job: item.name,
  scope: '',
  schedule: item.schedule,
  zone: item.zone,
  enabled: item.enabled ?? true,
  catchUp: item.takesEffect === 'at-due' ? 'due' : (item.catchUp ?? 'latest'),
  overlap: item.overlap ?? 'skip',
  build,
});

/** The definition of one scope's schedule: data, which survives deploys. Throws `cron-invalid`, `duration-invalid` or `zone-invalid`. */
export const scopedDefinition = (item: Item, scope: string, more: ScopedSchedule = {}): Definition => {
  const definition = { ...definitionOf(item, 0), ...more, scope };
  validateTimetable(definition.schedule, definition.zone);
  return definition;
};

/**
 * A reaction that gives one scope (a tenant) of a job its schedule, from `activeFrom` on: for reactors to the event that
 * the tenant came. The same definition again changes nothing. Name `engine.schedule` among the reactor's targets.
 */
export const scheduleForScope = (job: AnyJob | Task | Item, scope: string, activeFrom: Instant, more: ScopedSchedule = {}): Reaction => ({
  to: scheduleStream(scheduleKey(job.name, scope)),
  type: 'DefineSchedule',
  data: { definition: scopedDefinition(job, scope, more), activeFrom } as unknown as Json,
  key: `schedule ${scheduleKey(job.name, scope)}`,
});

/** A reaction that ends the schedule of a scope, whose tenant is gone. */
export const endScheduleOfScope = (job: Pick<Scheduled, 'name'>, scope: string): Reaction => ({
  to: scheduleStream(scheduleKey(job.name, scope)),
  type: 'RemoveSchedule',
  data: {},
  key: `remove ${scheduleKey(job.name, scope)}`,
});
