import type { ItemState } from '../contexts/engine/item/events.ts';
import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import type { AnyDecider } from '../core/decider.ts';
import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import { instantOfSlot, itemStream, scheduleKey, scheduleStream } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import type { Due, Registry } from '../core/registry.ts';
import { DueFailure, firstDue, type Settled, settle } from '../core/settle.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { actorRow } from './due-queries.ts';

/** How one job or timer stands towards an actor: why it did not change it at its last slot, or when it will. */
export type Standing = {
  readonly job: string;
  /** `nothing-due`, `not-due` until `dueAt`, `due`; or what holds it: `paused`, `disabled`, `parked`, `failing`; or the rule that ignores it. */
  readonly rule: string;
  readonly dueAt: Instant | null;
  readonly facts: Json;
  readonly lastSlot: string | null;
};

/** An actor with everything applied that is due by now and held by nothing. */
export type Now = {
  readonly state: Json;
  readonly next: { readonly job: string; readonly at: Instant } | null;
  readonly jobs: readonly Standing[];
};

type Deps = { readonly readModels: ReadModels; readonly registry: Registry; readonly clock: Clock };
type Hold = { readonly rule: string; readonly facts: Json };
/** A due transition of an actor, the schedule it follows, and what keeps it from settling by itself. */
export type Watched = { readonly due: Due; readonly schedule: ScheduleState | null; hold: Hold | null };

const holdOf = (schedule: ScheduleState | null, item: ItemState | null): Hold | null => {
  if (item?.status === 'parked') return { rule: 'parked', facts: { message: item.message, attempt: item.attempt } };
  if (schedule?.paused) return { rule: 'paused', facts: { since: schedule.paused.since, reason: schedule.paused.reason } };
  return schedule?.definition?.enabled === false ? { rule: 'disabled', facts: null } : null;
};

export const watch = async ({ readModels, registry }: Deps, stream: StreamName, state: Json, due: Due): Promise<Watched> => {
  if (!registry.scheduled.has(due.name)) return { due, schedule: null, hold: null };
  const [schedule, item] = await Promise.all([
    actorRow(readModels, scheduleStream(scheduleKey(due.name, due.scopeOf?.(state)))),
    actorRow(readModels, itemStream(due.name, stream)),
  ]);
  const of = (schedule?.state as ScheduleState | undefined) ?? null;
  return { due, schedule: of, hold: holdOf(of, (item?.state as ItemState | undefined) ?? null) };
};

type From = { readonly state: Json; readonly asOf: Instant | null };

/** Settles without what is held; a transition whose code throws is held from then on, and the rest goes on. */
export const settleFree = (decider: AnyDecider, watched: readonly Watched[], id: string, from: From, now: Instant): Settled => {
  for (;;) {
    const free = watched.filter(({ due, hold }) => due.settles && hold === null);
    try {
      return settle(
        decider,
        free.map(({ due }) => due),
        id,
        from,
        now,
      );
    } catch (error) {
      const failed = error instanceof DueFailure ? free.find(({ due }) => due === error.due) : undefined;
      if (failed === undefined) throw error;
      failed.hold = { rule: 'failing', facts: { message: messageOf(error) } };
    }
  }
};

/** The rule by which a tick's command would be ignored, as it was at the last slot; null when it would change the actor, or must look outside first. */
const ignoredBy = ({ registry }: Deps, decider: AnyDecider, { due, schedule }: Watched, id: string, state: Json): Hold | null => {
  const last = schedule?.last;
  if (due.settles || !last || registry.jobs.get(due.name)?.observe !== undefined) return null;
  try {
    const at = instantOfSlot(last.slot) ?? last.openedAt;
    const decision = decider.decide(due.transition.command(id, at), state);
    return decision.kind === 'accepted' ? null : { rule: decision.rule, facts: decision.facts ?? null };
  } catch (error) {
    return { rule: 'failing', facts: { message: messageOf(error) } };
  }
};

/** An actor now, and how each job of its category stands towards it (design section 8: the rule of an actor that did not change). */
export const nowOf = async (deps: Deps, decider: AnyDecider, stream: StreamName, from: From): Promise<Now> => {
  const now = deps.clock.now();
  const id = idOf(stream);
  const dues = deps.registry.dues.get(categoryOf(stream)) ?? [];
  const watched = await Promise.all(dues.map((due) => watch(deps, stream, from.state, due)));
  const { state } = settleFree(decider, watched, id, from, now);
  const next = firstDue(dues, state);
  const jobs = watched.map((each): Standing => {
    const dueAt = each.due.transition.dueAt(state);
    const plain = { job: each.due.name, dueAt, lastSlot: each.schedule?.last?.slot ?? null };
    if (dueAt === null) return { ...plain, rule: 'nothing-due', facts: null };
    if (each.hold !== null) return { ...plain, ...each.hold };
    if (dueAt > now) return { ...plain, rule: 'not-due', facts: null };
    return { ...plain, ...(ignoredBy(deps, decider, each, id, state) ?? { rule: 'due', facts: null }) };
  });
  return { state, next: next === null ? null : { job: next.due.name, at: next.at }, jobs };
};
