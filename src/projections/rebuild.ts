import { CarillonError } from '../core/errors.ts';
import type { Position } from '../core/event.ts';
import type { Projection } from '../core/projection.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Build, ReadModels } from '../ports/read-models.ts';
import { project } from './projector.ts';
import type { Tail } from './tail.ts';

export type RebuildDeps = {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly projections: readonly Projection[];
  readonly tail: Pick<Tail, 'paused'>;
};
export type Progress = (done: number, total: number) => void;

const find = (projections: readonly Projection[], name: string): Projection => {
  const projection = projections.find((each) => each.name === name);
  if (projection === undefined)
    throw new CarillonError(
      'not-found',
      `No projection is named "${name.slice(0, 60)}"; there are ${projections.map((each) => each.name).join(', ')}`,
    );
  return projection;
};

/** Fills the rebuild's tables from `from` up to a position, and returns how many events it met. */
const fill = async (
  deps: RebuildDeps,
  projection: Projection,
  from: Position | null,
  upTo: Position,
  progress: Progress,
): Promise<number> => {
  let previous = from;
  let events = 0;
  for await (const page of deps.store.readAll({ after: from, upTo })) {
    await project(deps.readModels, projection, page, previous, { build: 'rebuild' satisfies Build });
    previous = page.upTo;
    events += page.events.length;
    progress(Number(page.upTo), Number(upTo));
  }
  return events;
};

/** Builds a projection beside the live one, then holds the live one still for the last few events. `then` runs at equal checkpoints. */
const beside = async <T>(deps: RebuildDeps, name: string, progress: Progress, then: (events: number) => Promise<T>): Promise<T> => {
  const projection = find(deps.projections, name);
  await deps.readModels.open(projection, 'rebuild');
  const first = await deps.readModels.checkpoint(name);
  let events = first === null ? 0 : await fill(deps, projection, null, first, progress);
  return deps.tail.paused(name, async () => {
    const live = await deps.readModels.checkpoint(name);
    if (live !== null && live !== first) events += await fill(deps, projection, first, live, progress);
    return then(events);
  });
};

/** Reads the whole log into fresh tables and puts them in place of the live ones in one step. Throws `not-found`. */
export const rebuild = (
  deps: RebuildDeps,
  name: string,
  progress: Progress = () => undefined,
): Promise<{ readonly events: number; readonly hash: string }> =>
  beside(deps, name, progress, async (events) => {
    const hash = await deps.readModels.hash(name, 'rebuild');
    await deps.readModels.swap(name);
    return { events, hash };
  });

/** Proves that the live rows are what the log says: rebuilds beside them and compares. Nothing is changed. Throws `not-found`. */
export const verify = (
  deps: RebuildDeps,
  name: string,
  progress: Progress = () => undefined,
): Promise<{ readonly equal: boolean; readonly live: string; readonly rebuilt: string }> =>
  beside(deps, name, progress, async () => {
    const [live, rebuilt] = await Promise.all([deps.readModels.hash(name, 'live'), deps.readModels.hash(name, 'rebuild')]);
    return { equal: live === rebuilt, live, rebuilt };
  });
