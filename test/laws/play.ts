import type { Wish } from '../../src/core/command.ts';
import type { AnyDecider } from '../../src/core/decider.ts';
import type { DomainEvent } from '../../src/core/event.ts';
import type { Instant } from '../../src/core/instant.ts';
import type { Json } from '../../src/core/json.ts';
import type { Due } from '../../src/core/registry.ts';
import { evolveAll, settle } from '../../src/core/settle.ts';
import type { Maker } from './makers.ts';

/** What the laws are about: the rules of one category, what its actors have due, and how to make commands for them. */
export type Subject = {
  readonly decider: AnyDecider;
  /** At-due transitions: settled by whoever comes first. */
  readonly dues: readonly Due[];
  /** At-tick transitions: decided by a tick only. */
  readonly tickDues: readonly Due[];
  readonly maker: Maker;
};

export type Step = { readonly kind: 'command'; readonly wish: Wish } | { readonly kind: 'tick'; readonly at: Instant };

export type History = { readonly seed: number; readonly steps: readonly Step[]; readonly end: Instant };

export type Actor = { readonly state: Json; readonly asOf: Instant | null };

/** What an actor came to: its state, its events in order, and what each command was told. */
export type Played = Actor & { readonly events: readonly DomainEvent[]; readonly answers: readonly string[] };

const fresh = (subject: Subject): Played => ({ state: subject.decider.initial, asOf: null, events: [], answers: [] });

export const timeOf = (step: Step): Instant => (step.kind === 'tick' ? step.at : step.wish.asOf);

/** Brings the actor up to `at`, as the engine does before a command and at a tick. */
export const settled = (subject: Subject, before: Played, at: Instant): Played => {
  const { state, asOf, steps } = settle(subject.decider, subject.dues, 'a1', before, at);
  return { ...before, state, asOf, events: [...before.events, ...steps.flatMap((step) => step.decision.events)] };
};

export const stepped = (subject: Subject, before: Played, step: Step): Played => {
  const ready = settled(subject, before, timeOf(step));
  if (step.kind === 'tick') return ready;
  const decision = subject.decider.decide(step.wish, ready.state);
  const answers = [...ready.answers, `${decision.kind} ${decision.rule}`];
  if (decision.kind !== 'accepted') return { ...ready, answers };
  const state = evolveAll(subject.decider, ready.state, decision.events);
  return { state, asOf: step.wish.asOf, events: [...ready.events, ...decision.events], answers };
};

export const play = (subject: Subject, steps: readonly Step[]): Played =>
  steps.reduce((before, step) => stepped(subject, before, step), fresh(subject));
