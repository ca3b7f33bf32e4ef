import type { AnyDecider, Decision } from './decider.ts';
import { CarillonError } from './errors.ts';
import type { DomainEvent } from './event.ts';
import { type Instant, later } from './instant.ts';
import type { Json } from './json.ts';
import type { Due } from './registry.ts';

/** One due decision that was applied. */
export type Step = { readonly due: Due; readonly at: Instant; readonly decision: Decision & { readonly kind: 'accepted' } };

export type Settled = { readonly state: Json; readonly asOf: Instant | null; readonly steps: readonly Step[] };

/** A due transition that threw or did not move on; the caller retries or parks it under the job's name. */
export class DueFailure extends Error {
  readonly due: Due;
  readonly at: Instant;
  constructor(due: Due, at: Instant, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.due = due;
    this.at = at;
  }
}

const maxSteps = 10_000;

/** The earliest due of a state; equal instants in registry order. */
export const firstDue = (dues: readonly Due[], state: Json): { due: Due; at: Instant } | null => {
  let first: { due: Due; at: Instant } | null = null;
  for (const due of dues) {
    const at = due.transition.dueAt(state);
    if (at !== null && (first === null || at < first.at)) first = { due, at };
  }
  return first;
};

/** Folds events into a state. */
export const evolveAll = (decider: AnyDecider, state: Json, events: readonly DomainEvent[]): Json =>
  events.reduce((before, event) => decider.evolve(before, event), state);

/**
 * Brings an actor up to `to`: its due decisions, each at its own instant (never before the actor's last one), until
 * nothing is due by `to`. `dues` are those that settle now: at-due, not paused, not parked. Throws `DueFailure` when a
 * transition throws, is not accepted, or does not move its due instant on.
 */
export const settle = (
  decider: AnyDecider,
  dues: readonly Due[],
  id: string,
  from: { state: Json; asOf: Instant | null },
  to: Instant,
): Settled => {
  let { state, asOf } = from;
  const steps: Step[] = [];
  for (;;) {
    const first = firstDue(dues, state);
    if (first === null || first.at > to) return { state, asOf, steps };
    const at = asOf === null ? first.at : later(first.at, asOf);
    try {
      const decision = decider.decide(first.due.transition.command(id, at), state);
      if (decision.kind !== 'accepted' || decision.events.length === 0) {
        throw new CarillonError(
          'settle-stuck',
          `${first.due.name} was due at ${first.at} and its command was ${decision.kind} by rule ${decision.rule}`,
        );
      }
      const next = evolveAll(decider, state, decision.events);
      const nextAt = first.due.transition.dueAt(next);
      if (nextAt !== null && nextAt <= first.at)
        throw new CarillonError('settle-stuck', `${first.due.name} is still due at ${nextAt} after it was decided`);
      if (steps.length >= maxSteps) throw new CarillonError('settle-stuck', `${first.due.name} took more than ${maxSteps} steps`);
      steps.push({ due: first.due, at, decision });
      state = next;
      asOf = at;
    } catch (error) {
      throw new DueFailure(first.due, at, error);
    }
  }
};
