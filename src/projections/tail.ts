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
  /** Resolves when what is in hand, pages and pauses, is done. */
  stop(): Promise<void>;
};

const pageSize = 1_000;
const firstWaitMs = 250;
const longestWaitMs = 15_000;

/** A projection on its way along the log. */
type Follower = {
  readonly projection: Projection;
  checkpoint: Position | null;
  /** What it does now; the next thing waits for it. */
  busy: Promise<unknown>;
  /** It fell behind the shared reader and catches up by itself. */
  alone: boolean;
  /** Pauses that are asked for and not over. */
  pauses: number;
};

/** A page, and where the one before it ended: a follower that stands before that has missed something. */
type Next = LogPage & { readonly after: Position | null; readonly lag: number };

/** All followers of a process. `reached` is where the shared reader is; `catchingUp` is what those alone are doing. */
type Line = TailDeps & {
  readonly followers: readonly Follower[];
  readonly onBadEvent: BadEvent;
  readonly signal: AbortSignal;
  readonly catchingUp: Set<Promise<void>>;
  reached: Position | null;
};

const waitMs = (failures: number): number => Math.min(firstWaitMs * 2 ** Math.min(failures - 1, 20), longestWaitMs);

const isBefore = (position: Position | null, other: Position | null): boolean => (position ?? '') < (other ?? '');

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

/** One thing at a time on each projection: its next page waits for a pause, and a pause for its page. */
const inTurn = <T>(follower: Follower, work: () => Promise<T>): Promise<T> => {
  const turn = follower.busy.then(work);
  follower.busy = turn.catch(() => undefined);
  return turn;
};

const warn = ({ observers }: Line, error: unknown, facts: Readonly<Record<string, unknown>> = {}): void =>
  observers.note({ kind: 'log', level: 'warn', scope: 'projections', message: messageOf(error), facts });

const take = async ({ readModels, clock, observers, onBadEvent }: Line, follower: Follower, page: Next): Promise<void> => {
  const { projection } = follower;
  if (!isBefore(follower.checkpoint, page.upTo)) return;
  if (isBefore(follower.checkpoint, page.after)) throw new Error(`${projection.name} has missed events before ${String(page.after)}`);
  const started = clock.monotonic();
  const events = await project(readModels, projection, page, follower.checkpoint, { onBadEvent });
  follower.checkpoint = page.upTo;
  observers.note({ kind: 'projected', projection: projection.name, events, durationMs: clock.monotonic() - started, lag: page.lag });
};

/** Where a projection stands is asked for again after a failure: another process may have moved it on. */
const lookAgain = (line: Line, follower: Follower): Promise<void> =>
  inTurn(follower, async () => {
    follower.checkpoint = await line.readModels.checkpoint(follower.projection.name).catch((error: unknown) => {
      if (isCarillonError(error, 'projection-corrupt')) return openLive(line, follower.projection);
      throw error;
    });
  });

async function* pages({ store, signal }: Line, from: Position | null): AsyncGenerator<Next, void, void> {
  let after = from;
  for await (const page of store.subscribe({ after, pageSize }, signal)) {
    // Only a full page may have more behind it.
    const head = page.events.length < pageSize ? null : await store.head();
    yield { ...page, after, lag: head === null ? 0 : Math.max(0, Number(head) - Number(page.upTo)) };
    after = page.upTo;
  }
}

type Attempt = {
  /** True: done. False: it ended too early, which is a failure. */
  work(progressed: () => void): Promise<boolean>;
  failed(error: unknown): void;
};

/** Works until it is done or stopped, with growing waits between failures in a row. */
const insist = async ({ clock, signal }: Line, { work, failed }: Attempt): Promise<void> => {
  let failures = 0;
  const progressed = (): void => {
    failures = 0;
  };
  while (!signal.aborted) {
    try {
      if (await work(progressed)) return;
      throw new Error('the subscription ended');
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      failed(error);
      await clock.sleep(waitMs(failures), signal);
    }
  }
};

/** Back into the line, when it is as far as the shared reader, which cannot move on between this look and the joining. */
const joins = (line: Line, follower: Follower): boolean => {
  if (isBefore(follower.checkpoint, line.reached)) return false;
  follower.alone = false;
  return true;
};

const catchUp = async (line: Line, follower: Follower, progressed: () => void): Promise<boolean> => {
  await lookAgain(line, follower);
  if (joins(line, follower)) return true;
  for await (const page of pages(line, follower.checkpoint)) {
    await inTurn(follower, () => take(line, follower, page));
    progressed();
    if (joins(line, follower)) return true;
  }
  return false;
};

const goAlone = (line: Line, follower: Follower, wait: Promise<void>): void => {
  const failed = (error: unknown): void => warn(line, error, { projection: follower.projection.name });
  follower.alone = true;
  const work = wait
    .then(() => insist(line, { work: (progressed) => catchUp(line, follower, progressed), failed }))
    .finally(() => line.catchingUp.delete(work));
  line.catchingUp.add(work);
};

const inLine = ({ followers }: Line): readonly Follower[] => followers.filter(({ alone, pauses }) => !alone && pauses === 0);

/** Hands a page to all in line. What fails for all of them is no projection's own trouble, and is thrown. */
const hand = async (line: Line, page: Next): Promise<void> => {
  line.reached = page.upTo;
  const takers = inLine(line);
  const results = await Promise.allSettled(takers.map((follower) => inTurn(follower, () => take(line, follower, page))));
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ follower: takers[index]!, error: result.reason as unknown }] : [],
  );
  if (failures.length > 0 && failures.length === takers.length) throw failures[0]!.error;
  for (const { follower, error } of failures) {
    warn(line, error, { projection: follower.projection.name });
    goAlone(line, follower, line.clock.sleep(firstWaitMs, line.signal));
  }
};

/** The shared reader, from the lowest checkpoint in line. */
const follow = async (line: Line, progressed: () => void): Promise<boolean> => {
  const [first, ...others] = inLine(line).map(({ checkpoint }) => checkpoint);
  if (first !== undefined) line.reached = others.reduce((low, each) => (isBefore(each, low) ? each : low), first);
  for await (const page of pages(line, line.reached)) {
    await hand(line, page);
    progressed();
    if (line.signal.aborted) return true;
  }
  return line.signal.aborted;
};

/** Out of the line for as long as `work` takes: the shared reader waits for nobody who is paused. */
const pause = async <T>(line: Line, follower: Follower, work: () => Promise<T>): Promise<T> => {
  follower.pauses += 1;
  try {
    return await inTurn(follower, async () => {
      try {
        return await work();
      } finally {
        follower.checkpoint = await line.readModels.checkpoint(follower.projection.name).catch(() => follower.checkpoint);
      }
    });
  } finally {
    follower.pauses -= 1;
    if (follower.pauses === 0 && !follower.alone && isBefore(follower.checkpoint, line.reached)) goAlone(line, follower, Promise.resolve());
  }
};

/**
 * One reader for all live projections of a process: each page is parsed once, and each projection commits its own rows with its
 * checkpoint. The next page is asked for when all have it. A projection that cannot commit leaves the line, so that the others
 * (the due index above all) go on; it catches up on a subscription of its own and joins again.
 */
export const startTail = async (deps: TailDeps, projections: readonly Projection[], onBadEvent: BadEvent): Promise<Tail> => {
  const stopping = new AbortController();
  const followers: Follower[] = [];
  for (const projection of projections)
    followers.push({ projection, checkpoint: await openLive(deps, projection), busy: Promise.resolve(), alone: false, pauses: 0 });
  const line: Line = { ...deps, followers, onBadEvent, signal: stopping.signal, catchingUp: new Set(), reached: null };
  let reopened = false;
  const running = insist(line, {
    work: async (progressed) => {
      if (reopened) await Promise.all(inLine(line).map((follower) => lookAgain(line, follower)));
      reopened = true;
      return follow(line, progressed);
    },
    failed: (error) => warn(line, error),
  });

  return {
    paused: (name, work) => {
      const follower = followers.find(({ projection }) => projection.name === name);
      return follower === undefined ? work() : pause(line, follower, work);
    },
    stop: async () => {
      stopping.abort();
      await running;
      await Promise.all(line.catchingUp);
      await Promise.all(followers.map(({ busy }) => busy));
    },
  };
};
