import type { AnyDecider } from '../core/decider.ts';
import { CarillonError } from '../core/errors.ts';
import { commandRejected, type RecordedEvent, type StreamName } from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import { categoryOf, streamName } from '../core/stream.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { actorRow } from './due-queries.ts';
import { type Change, changeOf, decisionsOf } from './why-changes.ts';
import { type Now, nowOf } from './why-now.ts';

export type { Change, SlotCause } from './why-changes.ts';
export type { Standing } from './why-now.ts';

export type WhyDeps = { readonly store: EventStore; readonly readModels: ReadModels; readonly registry: Registry; readonly clock: Clock };

export type Explanation = {
  readonly stream: StreamName;
  /** Newest first. */
  readonly changes: readonly Change[];
  readonly now: Pick<Now, 'state' | 'next'> & Partial<Pick<Now, 'jobs'>>;
};

/** Events that are looked at, newest first: more decisions than that are not told. */
const maxEvents = 1_000;

type Stand = { readonly state: Json; readonly asOf: Instant | null };

const fold = (decider: AnyDecider, from: Stand, events: readonly RecordedEvent[]): Stand =>
  events
    .filter((event) => event.type !== commandRejected)
    .reduce<Stand>(({ state, asOf }, event) => {
      const at = event.metadata.asOf;
      return { state: decider.evolve(state, event), asOf: asOf === null || at > asOf ? at : asOf };
    }, from);

/** An actor as recorded. `recent` are its newest events, oldest first; what lies before them is in a fold, in the actor's row, or read. */
const standOf = async ({ store, readModels }: WhyDeps, decider: AnyDecider, stream: StreamName, recent: readonly RecordedEvent[]) => {
  const initial: Stand = { state: decider.initial, asOf: null };
  const folded = recent.findLastIndex((event) => event.type === decider.foldedBy);
  if (folded >= 0) return fold(decider, initial, recent.slice(folded));
  const first = recent[0]?.revision ?? 0;
  if (first === 0) return fold(decider, initial, recent);
  const row = await actorRow(readModels, stream);
  if (row !== null && row.revision >= first - 1) {
    return fold(
      decider,
      row,
      recent.filter((event) => event.revision > row.revision),
    );
  }
  let stand = initial;
  for (let from = 0; ; from += maxEvents) {
    const { events } = await store.read(stream, { from, limit: maxEvents });
    stand = fold(decider, stand, events);
    if (events.length < maxEvents) return stand;
  }
};

/**
 * Why an actor is as it is: each decision with its rule and facts, what caused it, and what followed; read from the
 * streams (design section 8). `limit` bounds the decisions told, newest first. Throws `not-found`, `stream-erased`.
 */
export const why = async (deps: WhyDeps, stream: StreamName, limit = 20): Promise<Explanation> => {
  const decider = deps.registry.deciders.get(categoryOf(stream));
  const page = await deps.store.read(stream, { backwards: true, limit: maxEvents });
  if (page.head === 'erased') throw new CarillonError('stream-erased', `${stream} was erased`);
  if (decider === undefined || page.head === 'no-stream') throw new CarillonError('not-found', `There is no ${stream}`);
  const recent = page.events.toReversed();
  const groups = decisionsOf(recent).slice(-limit).reverse();
  const changes = await Promise.all(groups.map((group) => changeOf(deps, group)));
  return { stream, changes, now: await nowOf(deps, decider, stream, await standOf(deps, decider, stream, recent)) };
};

/** A stream by its name, or by a bare id when only one actor has it. Throws `not-found`, `ambiguous-name`. */
export const findEntity = async ({ readModels, registry }: Pick<WhyDeps, 'readModels' | 'registry'>, id: string): Promise<StreamName> => {
  // A full name is taken as it is: the stream itself says whether it is there, or was erased.
  if (/^[a-z][a-z0-9]*\.[a-z][a-z0-9]*-/.test(id)) return streamName(id);
  const candidates = [...registry.deciders.keys()].map((category) => streamName(`${category}-${id}`));
  const rows = await readModels.get(
    'actors',
    candidates.map((stream) => [stream]),
  );
  const all = candidates.filter((_, index) => rows[index] !== null);
  // A person means the domain's actor before the engine's, and a job's schedule before its health.
  const ranked = [(name: string) => !name.startsWith('engine.'), (name: string) => !name.startsWith('engine.health-'), () => true];
  const found = ranked.map((rank) => all.filter(rank)).find((some) => some.length > 0) ?? [];
  if (found.length > 1) throw new CarillonError('ambiguous-name', `"${id}" is ${found.join(' and ')}`);
  const [stream] = found;
  if (stream === undefined) throw new CarillonError('not-found', `No actor is named "${id.slice(0, 100)}"`);
  return stream;
};
