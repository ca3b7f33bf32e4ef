import { CarillonError } from '../core/errors.ts';
import { type Position, streamErased } from '../core/event.ts';
import type { Projection } from '../core/projection.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { project } from './projector.ts';
import type { Tail } from './tail.ts';

export type RebuildDeps = {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly projections: readonly Projection[];
  readonly tail: Pick<Tail, 'paused'>;
};
/** Told after each page: how far of how much, in positions of the log. */
export type Progress = (done: number, total: number) => void;

/** Rounds over what came meanwhile, before the live rows are held still for the rest of it. */
const maxRounds = 10;
/** So little is left that the live rows may wait for it. */
const smallRest = 1_000;

const find = (projections: readonly Projection[], name: string): Projection => {
  const projection = projections.find((each) => each.name === name);
  if (projection === undefined)
    throw new CarillonError(
      'not-found',
      `No projection is named "${name.slice(0, 60)}"; there are ${projections.map((each) => each.name).join(', ')}`,
    );
  return projection;
};

/** A rebuild on its way. `at` is its checkpoint; `erased` says that a stream was erased while it went on. */
type Filling = { readonly projection: Projection; at: Position | null; events: number; erased: boolean };
type Steps = { readonly progress: Progress; readonly signal: AbortSignal | undefined };

const isBefore = (position: Position | null, other: Position): boolean => (position ?? '') < other;

/** Fills the rebuild's tables up to a position. */
const fill = async ({ store, readModels }: RebuildDeps, filling: Filling, upTo: Position, { progress, signal }: Steps): Promise<void> => {
  const { projection } = filling;
  const { types, categories } = projection;
  const filter = { ...(types === undefined ? {} : { types }), ...(categories === undefined ? {} : { categories }) };
  const first = filling.at === null;
  for await (const page of store.readAll({ after: filling.at, upTo, ...filter })) {
    signal?.throwIfAborted();
    filling.events += await project(readModels, projection, page, filling.at, { build: 'rebuild' });
    filling.at = page.upTo;
    // What was erased before it began was not in the log any more: only later markers took rows out of it.
    if (!first) filling.erased ||= page.events.some((event) => event.type === streamErased);
    progress(Number(page.upTo), Number(upTo));
  }
};

/** Follows the live projection until little is left. */
const approach = async (deps: RebuildDeps, filling: Filling, steps: Steps): Promise<void> => {
  for (let round = 0; round < maxRounds; round++) {
    const live = await deps.readModels.checkpoint(filling.projection.name);
    if (live === null || !isBefore(filling.at, live)) return;
    if (filling.at !== null && Number(live) - Number(filling.at) <= smallRest) return;
    await fill(deps, filling, live, steps);
  }
};

/** Where the last stream was erased after a position; its events are missing before it as well. */
const erasedAfter = async ({ store }: RebuildDeps, after: Position | null): Promise<Position | null> => {
  let last: Position | null = null;
  // Markers pass every filter: this reads nothing else.
  for await (const page of store.readAll({ after, types: [streamErased] })) last = page.events.at(-1)?.position ?? last;
  return last;
};

/**
 * Brings the rebuild to where the live rows are, and runs `then` while both stand still. An erasure in between takes events
 * out of the log that the live rows still hold: then the two are only alike when both have met its marker.
 */
const meet = async <T>(deps: RebuildDeps, filling: Filling, steps: Steps, then: (events: number) => Promise<T>): Promise<T> => {
  const { readModels, tail } = deps;
  const { name } = filling.projection;
  for (let round = 1; ; round++) {
    await approach(deps, filling, steps);
    const met = await tail.paused(name, async () => {
      const live = await readModels.checkpoint(name);
      if (live !== null && isBefore(filling.at, live)) await fill(deps, filling, live, steps);
      const marker = round < maxRounds ? await erasedAfter(deps, live) : null;
      steps.signal?.throwIfAborted();
      return marker === null ? { value: await then(filling.events) } : { marker };
    });
    if ('value' in met) return met.value;
    await readModels.passed(name, met.marker, steps.signal);
  }
};

/**
 * Builds a projection beside the live one; `then` runs while both stand at one position. What was built and not swapped in is
 * emptied: nobody would drop rows of erased streams from it.
 */
const beside = async <T>(deps: RebuildDeps, name: string, steps: Steps, then: (events: number) => Promise<T>): Promise<T> => {
  const { readModels } = deps;
  const filling: Filling = { projection: find(deps.projections, name), at: null, events: 0, erased: false };
  steps.signal?.throwIfAborted();
  await readModels.open(filling.projection, 'rebuild');
  try {
    return await meet(deps, filling, steps, then);
  } finally {
    // When this fails, the service is stopping, and the next start drops what was left.
    const emptied = readModels.open(filling.projection, 'rebuild').then(() => (filling.erased ? readModels.purge() : undefined));
    await emptied.catch(() => undefined);
  }
};

/**
 * Reads the whole log into fresh tables and puts them in place of the live ones in one step. An aborted `signal` ends it with
 * the signal's reason and leaves the live ones as they are. Throws `not-found`.
 */
export const rebuild = (
  deps: RebuildDeps,
  name: string,
  progress: Progress = () => undefined,
  signal?: AbortSignal,
): Promise<{ readonly events: number; readonly hash: string }> =>
  beside(deps, name, { progress, signal }, async (events) => {
    const hash = await deps.readModels.hash(name, 'rebuild');
    signal?.throwIfAborted();
    await deps.readModels.swap(name);
    return { events, hash };
  });

/**
 * Proves that the live rows are what the log says: rebuilds beside them and compares. Nothing is changed. Throws `not-found`, and
 * `not-comparable` for places of events, once something was erased.
 */
export const verify = (
  deps: RebuildDeps,
  name: string,
  progress: Progress = () => undefined,
  signal?: AbortSignal,
): Promise<{ readonly equal: boolean; readonly live: string; readonly rebuilt: string }> =>
  beside(deps, name, { progress, signal }, async () => {
    const live = await deps.readModels.hash(name, 'live');
    const rebuilt = await deps.readModels.hash(name, 'rebuild');
    if (live !== rebuilt && find(deps.projections, name).keepsPlaces && (await erasedAfter(deps, null)) !== null)
      throw new CarillonError('not-comparable', `${name} tells places in the log, also of what is erased by now`);
    return { equal: live === rebuilt, live, rebuilt };
  });
