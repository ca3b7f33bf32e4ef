import type { AnyDecider } from '../core/decider.ts';
import { commandRejected, type Position, type RecordedEvent, type Revision, type StreamName, streamErased } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import { categoryOf } from '../core/stream.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { dueIndexName } from './due-index.ts';
import { listActors } from './due-queries.ts';

const pageSize = 500;
const reopenAfterMs = 250;

export type FollowDeps = {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly clock: Clock;
  readonly registry: Pick<Registry, 'deciders'>;
};

/** Told an actor's state and revision, first as the due index has it, then with each event. False: it is of no interest from here on. */
export type Taken = (stream: StreamName, state: Json, revision: Revision) => boolean;

export type Followed = {
  /** Resolves when everything up to a position has been taken in, and when aborted. */
  passed(position: Position): Promise<void>;
  readonly stopped: Promise<void>;
};

/** Knows the actors of some categories as the log has them: loads their states from the due index, then follows the log. */
export const followStates = async (
  deps: FollowDeps,
  categories: readonly string[],
  take: Taken,
  signal: AbortSignal,
): Promise<Followed> => {
  const known = new Map<StreamName, { readonly state: Json; readonly revision: Revision }>();
  const waiting: { readonly position: Position; done(): void }[] = [];
  let upTo: Position | null = null;

  const learn = (stream: StreamName, state: Json, revision: Revision): void => {
    if (take(stream, state, revision)) known.set(stream, { state, revision });
    else known.delete(stream);
  };
  const apply = (event: RecordedEvent): void => {
    // A marker passes every filter, and no decider evolves on it.
    if (event.type === streamErased) return void known.delete(event.stream);
    const before = known.get(event.stream);
    const decider: AnyDecider | undefined = deps.registry.deciders.get(categoryOf(event.stream));
    if (decider === undefined || event.type === commandRejected || (before !== undefined && before.revision >= event.revision)) return;
    learn(event.stream, decider.evolve(before?.state ?? decider.initial, event), event.revision);
  };
  const reached = (position: Position): void => {
    upTo = position;
    for (let index = waiting.length - 1; index >= 0; index--) if (waiting[index]!.position <= position) waiting.splice(index, 1)[0]!.done();
  };

  // Rows may be newer than this checkpoint: their revisions tell which events they already hold.
  const from = await deps.readModels.checkpoint(dueIndexName);
  for (const category of categories)
    for (let after: string | undefined; ; ) {
      const page = await listActors(deps.readModels, category, { limit: pageSize, ...(after === undefined ? {} : { after }) });
      for (const row of page) learn(row.stream as StreamName, row.state, row.revision);
      after = page.at(-1)?.stream;
      if (page.length < pageSize) break;
    }
  if (from !== null) reached(from);

  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const page of deps.store.subscribe({ after: upTo, categories }, signal)) {
          for (const event of page.events) apply(event);
          reached(page.upTo);
        }
      } catch {
        // The store went away: the subscription is opened again from where it was.
      }
      await deps.clock.sleep(reopenAfterMs, signal);
    }
    for (const waiter of waiting.splice(0)) waiter.done();
  };
  return {
    passed: (position) =>
      signal.aborted || (upTo !== null && upTo >= position)
        ? Promise.resolve()
        : new Promise((done) => void waiting.push({ position, done })),
    stopped: follow(),
  };
};
