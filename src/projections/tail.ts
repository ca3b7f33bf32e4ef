import { isCarillonError, messageOf } from '../core/errors.ts';
import type { Position } from '../core/event.ts';
import type { Projection } from '../core/projection.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore, LogPage } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { type BadEvent, project } from './projector.ts';

export type TailDeps = {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly clock: Clock;
  readonly observers: Observers;
};

export type Tail = {
  /** Runs `work` while this projection's live rows stand still; the others go on. */
  paused<T>(projection: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when the page in hand is committed. */
  stop(): Promise<void>;
};

const pageSize = 1_000;
const reopenAfterMs = 250;

type Follower = { readonly projection: Projection; checkpoint: Position | null; busy: Promise<unknown> };

/** A projection whose checkpoint is unreadable begins anew: all of it stands in the log. */
const openLive = async ({ readModels, observers }: TailDeps, projection: Projection): Promise<Position | null> => {
  try {
    return await readModels.open(projection, 'live');
  } catch (error) {
    if (!isCarillonError(error, 'projection-corrupt')) throw error;
    observers.note({ kind: 'log', level: 'error', scope: 'projections', message: `${messageOf(error)}; it is built again from the log` });
    await readModels.open(projection, 'rebuild');
    await readModels.swap(projection.name);
    return null;
  }
};

/** One reader for all live projections of a process: each page is parsed once, and each projection commits its own rows with its checkpoint. */
export const startTail = async (deps: TailDeps, projections: readonly Projection[], onBadEvent: BadEvent): Promise<Tail> => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const followers: Follower[] = [];
  for (const projection of projections)
    followers.push({ projection, checkpoint: await openLive(deps, projection), busy: Promise.resolve() });

  const take = async (follower: Follower, page: LogPage): Promise<void> => {
    const { projection } = follower;
    if (follower.checkpoint !== null && page.upTo <= follower.checkpoint) return;
    const started = deps.clock.monotonic();
    const events = await project(deps.readModels, projection, page, follower.checkpoint, { onBadEvent });
    follower.checkpoint = page.upTo;
    deps.observers.note({ kind: 'projected', projection: projection.name, events, durationMs: deps.clock.monotonic() - started, lag: 0 });
  };

  /** One thing at a time on each projection: its next page waits for a pause, and a pause for its page. */
  const inTurn = <T>(follower: Follower, work: () => Promise<T>): Promise<T> => {
    const turn = follower.busy.then(work);
    follower.busy = turn.catch(() => undefined);
    return turn;
  };

  const lowest = (): Position | null => {
    const checkpoints = followers.map((follower) => follower.checkpoint);
    return checkpoints.includes(null) ? null : (checkpoints.sort()[0] ?? null);
  };

  const follow = async (): Promise<void> => {
    for await (const page of deps.store.subscribe({ after: lowest(), pageSize }, signal)) {
      await Promise.all(followers.map((follower) => inTurn(follower, () => take(follower, page))));
      if (signal.aborted) return;
    }
  };

  const keepFollowing = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await follow();
      } catch (error) {
        if (signal.aborted) return;
        deps.observers.note({ kind: 'log', level: 'warn', scope: 'projections', message: messageOf(error) });
        // A fenced projection was moved on by another process: its checkpoint is read again.
        for (const follower of followers)
          follower.checkpoint = await deps.readModels.checkpoint(follower.projection.name).catch(() => follower.checkpoint);
        await deps.clock.sleep(reopenAfterMs, signal);
      }
    }
  };
  const running = keepFollowing();

  return {
    paused: (name, work) => {
      const follower = followers.find((each) => each.projection.name === name);
      if (follower === undefined) return work();
      return inTurn(follower, async () => {
        const result = await work();
        follower.checkpoint = await deps.readModels.checkpoint(name);
        return result;
      });
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};
