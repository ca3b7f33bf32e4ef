import type { ItemState } from '../contexts/engine/item/events.ts';
import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import type { AnyDecider } from '../core/decider.ts';
import { CarillonError, messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import { itemStream, scheduleKey, scheduleStream } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import type { Due } from '../core/registry.ts';
import { DueFailure, firstDue, type Settled, settle } from '../core/settle.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import { type Actor, getActor } from './actors.ts';
import type { Service } from './service.ts';

/** Why a due transition does not settle by itself now; null when it does. */
const heldBecause = async (service: Service, due: Due, stream: StreamName, state: Json): Promise<string | null> => {
  const [schedule, item] = await Promise.all([
    getActor(service, scheduleStream(scheduleKey(due.name, due.scopeOf?.(state)))),
    getActor(service, itemStream(due.name, stream)),
  ]);
  if ((item?.state as ItemState | undefined)?.status === 'parked') return 'parked';
  const of = schedule === null ? null : (schedule.state as unknown as ScheduleState);
  if (of?.paused) return 'paused';
  return of?.definition?.enabled === false ? 'disabled' : null;
};

type Held = { readonly job: string; readonly because: string };

/** Settles without what is held; a transition whose code throws is added to `held`, and the rest goes on. */
const settleWhatWorks = (decider: AnyDecider, dues: readonly Due[], held: Held[], actor: Actor, now: Instant): Settled => {
  for (;;) {
    const free = dues.filter((due) => held.every(({ job }) => job !== due.name));
    try {
      return settle(decider, free, idOf(actor.stream), actor, now);
    } catch (error) {
      if (!(error instanceof DueFailure)) throw error;
      held.push({ job: error.due.name, because: `failing: ${messageOf(error)}` });
    }
  }
};

/**
 * An actor now: what was recorded, and what it is with everything applied that is due by now. Nobody waits for a tick to
 * read the right state (design section 9); what is paused, disabled or parked stays as it is, and is named.
 */
export const entityNow = async (service: Service, stream: StreamName) => {
  const actor = await getActor(service, stream);
  const decider = service.registry.deciders.get(categoryOf(stream));
  if (actor === null || decider === undefined) throw new CarillonError('not-found', `There is no ${stream}`);
  const now = service.clock.now();
  const dues = service.registry.dues.get(decider.category) ?? [];
  const settling = dues.filter((due) => due.settles);
  const reasons = await Promise.all(settling.map((due) => heldBecause(service, due, stream, actor.state)));
  const held = settling.flatMap((due, index) => (reasons[index] ? [{ job: due.name, because: reasons[index] }] : []));
  const settled = settleWhatWorks(decider, settling, held, actor, now);
  const next = firstDue(dues, settled.state);
  return {
    stream,
    revision: actor.revision,
    asOf: actor.asOf,
    recorded: actor.state,
    now,
    state: settled.state,
    steps: settled.steps.map(({ due, at, decision }) => ({
      job: due.name,
      at,
      rule: decision.rule,
      events: decision.events.map((event) => event.type),
    })),
    held,
    next: next === null ? null : { job: next.due.name, at: next.at },
  };
};
