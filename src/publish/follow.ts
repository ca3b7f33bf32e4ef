import { isCarillonError, messageOf } from '../core/errors.ts';
import type { Position } from '../core/event.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { EventStore, LogPage, LogRange } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';
import type { ReadModels } from '../ports/read-models.ts';

export type FollowDeps = {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly observers: Observers;
};

/** Somebody who takes the log on to others, in one process at a time, from where its checkpoint stands. */
export type Follower = {
  readonly name: string;
  /** Most events in a page; after a crash one page may come again. */
  readonly pageSize: number;
  /** Before the first page of a lead: what was before is at or below `at`. */
  begin(at: Position): Promise<void>;
  /** What it reads now: the same object for as long as that does not change. */
  range(): Pick<LogRange, 'categories' | 'types'>;
  /** Resolves when a page is done for good, with how far that is; short of the page's end only when the range has changed. */
  take(page: LogPage, signal: AbortSignal): Promise<Position>;
};

const reopenAfterMs = 500;
/** The place before the first event of a log. */
const beforeAll = ''.padStart(16, '0') as Position;

/** Follows the log until `signal`; resolves when what was in hand is done. A follower that is new begins at the head. */
export const follow = async (deps: FollowDeps, follower: Follower, signal: AbortSignal): Promise<void> => {
  const { store, readModels, cluster, clock, observers } = deps;
  const { name, pageSize } = follower;

  const place = (previous: Position | null, next: Position): Promise<void> =>
    readModels.commit({ projection: name, build: 'live', puts: [], removes: [], removeWheres: [], previous, next });

  const tell = async (events: number, started: number, done: Position): Promise<void> => {
    const lag = Math.max(0, Number((await store.head()) ?? done) - Number(done));
    observers.note({ kind: 'projected', projection: name, events, durationMs: clock.monotonic() - started, lag });
  };

  /** Where it began is recorded before anything else: a crash must not move it. */
  const start = async (): Promise<Position> => {
    const known = await readModels.open({ name, version: 1, tables: [], apply: () => undefined }, 'live');
    if (known !== null) return known;
    const next = (await store.head()) ?? beforeAll;
    await place(null, next);
    return next;
  };

  /** Until the follower asks for another range, or the lead is gone. Gives the place of the checkpoint and how far it read. */
  const read = async (saved: Position, from: Position, led: AbortSignal): Promise<{ saved: Position; at: Position }> => {
    let at = from;
    const range = follower.range();
    for await (const page of store.subscribe({ after: from, pageSize, ...range }, led)) {
      const started = clock.monotonic();
      const done = await follower.take(page, led);
      if (led.aborted) break;
      at = done;
      // Pages without events move the place in memory only: after a restart they are skipped over again.
      if (page.events.length > 0) {
        await place(saved, done);
        saved = done;
        await tell(page.events.length, started, done);
      }
      if (follower.range() !== range) break;
    }
    return { saved, at };
  };

  const lead = async (lost: AbortSignal): Promise<void> => {
    const led = AbortSignal.any([signal, lost]);
    let saved = await start();
    await follower.begin(saved);
    for (let at = saved; !led.aborted; ) ({ saved, at } = await read(saved, at, led));
  };

  while (!signal.aborted) {
    const leadership = await cluster.lead(name, signal);
    if (leadership === null) return;
    try {
      await lead(leadership.lost);
    } catch (error) {
      if (!signal.aborted && !isCarillonError(error, 'store-closed'))
        observers.note({ kind: 'log', level: 'warn', scope: 'publish', message: messageOf(error), facts: { follower: name } });
    } finally {
      await leadership.release();
    }
    await clock.sleep(reopenAfterMs, signal);
  }
};
