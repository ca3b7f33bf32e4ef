import { CarillonError } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import { firstDue } from '../core/settle.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import { settleFree, type Watched, watch } from '../projections/why-now.ts';
import { getActor } from './actors.ts';
import type { Service } from './service.ts';

/** `paused`, `disabled`, `parked`, or `failing: <what its code threw>`. */
const becauseOf = ({ rule, facts }: NonNullable<Watched['hold']>): string =>
  rule === 'failing' ? `failing: ${(facts as { message: string }).message}` : rule;

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
  const watched = await Promise.all(dues.map((due) => watch(service, stream, actor.state, due)));
  const settled = settleFree(decider, watched, idOf(stream), actor, now);
  const held = watched.flatMap(({ due, hold }) => (due.settles && hold !== null ? [{ job: due.name, because: becauseOf(hold) }] : []));
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
