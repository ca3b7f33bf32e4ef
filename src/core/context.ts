import type { AnyDecider } from './decider.ts';
import type { Effect } from './effect.ts';
import type { AnyJob, Task, Transition } from './job.ts';
import type { Json, JsonObject } from './json.ts';
import type { Projection } from './projection.ts';
import type { Reactor } from './reactor.ts';

/** Answers a question to the outside, read-only. Throws when it has no answer. */
export type Source = (question: Json) => Promise<Json>;

/** Everything that one bounded context brings. The order of `jobs` is the order in which equal due instants are settled. */
export type Context = {
  readonly name: string;
  readonly deciders: readonly AnyDecider[];
  readonly jobs?: readonly AnyJob[];
  readonly tasks?: readonly Task[];
  readonly reactors?: readonly Reactor[];
  readonly effects?: readonly Effect[];
  readonly projections?: readonly Projection[];
  /** What `look.ask` may ask outside, by name: `{ 'tezos/node': (question) => ... }`. */
  readonly sources?: Readonly<Record<string, Source>>;
  /** Due transitions without a schedule: the internal timer sends their command when the instant comes. The engine's own actors use them. */
  readonly timers?: readonly { readonly category: string; readonly transition: Transition }[];
};

/** A context before its settings are known. */
export type ContextDefinition = {
  readonly name: string;
  /** Every setting with its default; a setting not named here is refused. */
  readonly defaults: JsonObject;
  build(settings: JsonObject): Context;
};

/** Declares a context: its settings with their defaults, and what it is made of once they are known. */
export const defineContext = <T extends JsonObject>(
  name: string,
  defaults: T,
  build: (settings: T) => Omit<Context, 'name'>,
): ContextDefinition => ({
  name,
  defaults,
  build: (settings) => ({ name, ...build({ ...defaults, ...settings } as T) }),
});
