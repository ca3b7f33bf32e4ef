import type { Command } from './command.ts';
import type { DomainEvent, Recorded } from './event.ts';
import type { Json } from './json.ts';

/** A command that a reactor sends; its id, asOf and correlation are derived from the event. */
export type Reaction = Pick<Command, 'to' | 'type' | 'data' | 'reason'> & {
  /** Tells several reactions to one event apart; the place in the list when absent. */
  readonly key?: string;
};

/** An effect that a reactor asks for; done once per key, whatever asks for it again. */
export type EffectWish = {
  readonly effect: string;
  /** Made of job, entity and business period; never of tick, attempt or time. */
  readonly key: string;
  readonly data: Json;
};

/**
 * Turns an event into commands on other actors, or into effects. Pure: the same event always gives the same list.
 * `targets` names the categories it can reach, so that planning knows whom to wait for.
 */
export type Reactor<E extends DomainEvent = DomainEvent> = {
  /** `context/verb-noun`. */
  readonly name: string;
  readonly on: readonly E['type'][];
  readonly targets: readonly string[];
  /** Where a new reactor starts; at the log's head unless `beginning` is written. */
  readonly from?: 'beginning';
  react(event: Recorded<E>): readonly (Reaction | EffectWish)[];
};

export const defineReactor = <E extends DomainEvent>(reactor: Reactor<E>): Reactor<E> => reactor;

export const isEffectWish = (item: Reaction | EffectWish): item is EffectWish => 'effect' in item;
