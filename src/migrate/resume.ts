import { CarillonError } from '../core/errors.ts';
import type { RecordedEvent, Revision, StreamName } from '../core/event.ts';
import type { EventStore } from '../ports/event-store.ts';
import { droppedBefore } from './dropped-before.ts';
import { lineOf } from './event-line.ts';
import { visibleEvents } from './visible-events.ts';

/** Where a move goes on. */
export type Resumed = {
  /** The first event that is not there yet, and those behind it. */
  readonly rest: AsyncGenerator<RecordedEvent, void>;
  /** How many events are there already. */
  readonly events: number;
  /** Streams that have something at their end which has to go once more is behind it: the newest event of a stream cannot. */
  readonly unfinished: Set<StreamName>;
};

const refuse = (why: string): never => {
  throw new CarillonError(
    'bad-request',
    `The target is neither empty nor a started move of this folder: ${why}. Name an empty database (CARILLON_POSTGRES_URL, CARILLON_KURRENTDB_URL)`,
  );
};

async function* restOf(first: IteratorResult<RecordedEvent, void>, log: AsyncGenerator<RecordedEvent, void>) {
  if (first.done) return;
  yield first.value;
  yield* log;
}

/**
 * Goes over what the target has: a started move is a target whose log is how the origin's begins. What the origin has dropped since,
 * and placeholders that an interruption left, are removed as far as they can be. Throws `bad-request`.
 */
export const resume = async (origin: EventStore, target: EventStore, passed: (event: RecordedEvent) => void): Promise<Resumed> => {
  const log = visibleEvents(origin);
  const cuts = new Map<StreamName, Revision>();
  const unfinished = new Set<StreamName>();
  const cut = (stream: StreamName, before: Revision): void => {
    cuts.set(stream, Math.max(before, cuts.get(stream) ?? 0));
    unfinished.add(stream);
  };
  let events = 0;
  let here = await log.next();
  for await (const there of visibleEvents(target, ({ stream, revision }) => cut(stream, revision + 1))) {
    if (!here.done && lineOf(here.value) === lineOf(there)) {
      unfinished.delete(there.stream);
      passed(here.value);
      events++;
      here = await log.next();
      continue;
    }
    const before = await droppedBefore(origin, there);
    if (before !== null) cut(there.stream, before);
    else if (here.done) refuse(`it goes on with ${there.stream} ${there.revision}, where this folder ends`);
    else refuse(`it has ${there.stream} ${there.revision} where this folder has ${here.value.stream} ${here.value.revision}`);
  }
  for (const [stream, before] of cuts) if (before > 0) await target.truncate(stream, before);
  return { rest: restOf(here, log), events, unfinished };
};
