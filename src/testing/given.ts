import { deepStrictEqual } from 'node:assert/strict';
import type { Wish } from '../core/command.ts';
import type { AnyDecider, Decider, Decision } from '../core/decider.ts';
import type { DomainEvent } from '../core/event.ts';
import { type Instant, instant } from '../core/instant.ts';
import type { AnyJob } from '../core/job.ts';
import type { Json } from '../core/json.ts';
import type { Due } from '../core/registry.ts';
import { evolveAll, settle } from '../core/settle.ts';

/**
 * What a test expects: exactly these events of an accepted command, or the rule that decided. `events` holds those of
 * what was settled first, too; without it a refusal must have none, and an acceptance may have any.
 */
export type Expectation<E extends DomainEvent> =
  | readonly E[]
  | { readonly accepted: string; readonly events?: readonly E[]; readonly facts?: Json }
  | { readonly rejected: string; readonly events?: readonly E[]; readonly facts?: Json }
  | { readonly ignored: string; readonly events?: readonly E[]; readonly facts?: Json };

type WithoutTime<C> = C extends Wish ? Omit<C, 'asOf'> : never;

export type Given<S extends Json, C extends Wish, E extends DomainEvent> = {
  readonly state: S;
  /** Settles what the jobs have due by `asOf`, then decides the command, as the engine does. */
  when(command: WithoutTime<C>, asOf: string): When<S, C, E>;
  /** Settles only, as a tick does. */
  tick(asOf: string): When<S, C, E>;
};

export type When<S extends Json, C extends Wish, E extends DomainEvent> = {
  /** Throws an AssertionError when it came otherwise; else goes on from the new state. */
  then(expected: Expectation<E>): Given<S, C, E>;
};

type Outcome = {
  readonly kind: string;
  readonly rule: string | null;
  readonly events: readonly DomainEvent[];
  readonly facts?: Json | undefined;
};

const check = (actual: Outcome, expected: Expectation<DomainEvent>): void => {
  if (Array.isArray(expected)) {
    deepStrictEqual(
      { refused: actual.kind === 'accepted' ? null : actual.rule, events: actual.events },
      { refused: null, events: expected },
    );
    return;
  }
  const { events, facts, ...rest } = expected as { events?: readonly DomainEvent[]; facts?: Json };
  const kind = Object.keys(rest)[0];
  const wanted = { [String(kind)]: Object.values(rest)[0], events: events ?? (kind === 'accepted' ? actual.events : []) };
  deepStrictEqual({ [actual.kind]: actual.rule, events: actual.events }, wanted);
  if (facts !== undefined) deepStrictEqual(actual.facts, facts);
};

const outcomeOf = (settled: readonly Decision[], decision: Decision | null): Outcome => {
  const all = decision === null ? settled : [...settled, decision];
  const last = all.at(-1);
  const events = all.flatMap((item) => (item.kind === 'accepted' ? item.events : []));
  return { kind: last?.kind ?? 'accepted', rule: last?.rule ?? null, events, facts: last?.facts };
};

/**
 * given(decider, events, ...jobs).when(command, asOf).then(expected): a test of the rules, without any I/O. The jobs are
 * those whose due transitions are settled before the command; without them the command meets the state as it is.
 */
export const given = <S extends Json, C extends Wish, E extends DomainEvent>(
  decider: Decider<S, C, E>,
  events: readonly E[] = [],
  ...jobs: readonly AnyJob[]
): Given<S, C, E> => {
  const plain: AnyDecider = decider;
  const dues: readonly Due[] = jobs.map((job) => ({ name: job.name, transition: job, settles: true }));
  const from = (state: Json, last: Instant | null): Given<S, C, E> => {
    const run = (asOf: string, command: Wish | null): When<S, C, E> => {
      const at = instant(asOf);
      const settled = settle(plain, dues, 'given', { state, asOf: last }, at);
      const decision = command === null ? null : plain.decide({ ...command, asOf: at }, settled.state);
      const next = decision?.kind === 'accepted' ? evolveAll(plain, settled.state, decision.events) : settled.state;
      const outcome = outcomeOf(
        settled.steps.map((step) => step.decision),
        decision,
      );
      const then = (expected: Expectation<E>): Given<S, C, E> => {
        check(outcome, expected);
        return from(next, at);
      };
      return { then };
    };
    return { state: state as S, when: (command, asOf) => run(asOf, command as unknown as Wish), tick: (asOf) => run(asOf, null) };
  };
  return from(evolveAll(plain, decider.initial, events), null);
};
