import type { Wish } from './command.ts';
import type { DomainEvent } from './event.ts';
import type { Json } from './json.ts';

/** What a decision came to. Every branch names its rule, so "why did this (not) change?" has an answer. */
export type Decision<E extends DomainEvent = DomainEvent> =
  | { readonly kind: 'accepted'; readonly rule: string; readonly events: readonly E[]; readonly facts?: Json }
  | { readonly kind: 'ignored'; readonly rule: string; readonly facts?: Json }
  | { readonly kind: 'rejected'; readonly rule: string; readonly facts?: Json };

/**
 * The rules of one kind of actor, pure: no clock, no I/O, no randomness. Time enters as the command's `asOf`.
 * State is plain JSON and bounded (a law checks 16 KiB).
 */
export type Decider<S extends Json, C extends Wish, E extends DomainEvent> = {
  /** `context.noun`, the part of the stream name before the hyphen. */
  readonly category: string;
  readonly initial: S;
  /** Every event type of the category; a law feeds each to `evolve`. */
  readonly events: readonly E['type'][];
  /** JSON Schema of the data of each command that people may send; other commands come from jobs and reactors only. */
  readonly intake?: { readonly [type: string]: object };
  /** Commands of `intake` that only an admin may send, with a reason. */
  readonly adminOnly?: readonly string[];
  /** An event that carries the whole state: a load reads backwards to the newest of it. */
  readonly foldedBy?: E['type'];
  decide(command: C, state: S): Decision<E>;
  evolve(state: S, event: E): S;
};

export type AnyDecider = Decider<Json, Wish, DomainEvent>;

/** Declares the rules of one kind of actor. */
export const defineDecider = <S extends Json, C extends Wish, E extends DomainEvent>(decider: Decider<S, C, E>): Decider<S, C, E> =>
  decider;

export const accept = <E extends DomainEvent>(rule: string, events: readonly E[], facts?: Json): Decision<E> =>
  facts === undefined ? { kind: 'accepted', rule, events } : { kind: 'accepted', rule, events, facts };

export const ignore = (rule: string, facts?: Json): Decision<never> =>
  facts === undefined ? { kind: 'ignored', rule } : { kind: 'ignored', rule, facts };

export const reject = (rule: string, facts?: Json): Decision<never> =>
  facts === undefined ? { kind: 'rejected', rule } : { kind: 'rejected', rule, facts };
