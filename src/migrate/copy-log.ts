import { CarillonError } from '../core/errors.ts';
import { type NewEvent, type RecordedEvent, type Revision, type StreamName, streamErased } from '../core/event.ts';
import type { Expected } from '../ports/event-store.ts';
import { moved } from './event-line.ts';
import type { Destination } from './move.ts';
import { placeholder } from './placeholder.ts';

/** Events that stand beside each other in the log, of one stream and of one time. */
type Run = { readonly stream: StreamName; readonly events: RecordedEvent[]; size: number };

const maxEvents = 200;
/** Characters of JSON: EventStoreDB takes at most 1 MiB at once. */
const maxSize = 400_000;

const sizeOf = ({ data, metadata }: RecordedEvent): number => JSON.stringify(data).length + JSON.stringify(metadata).length;

const follows = ({ stream, events, size }: Run, event: RecordedEvent, more: number): boolean => {
  const last = events.at(-1)!;
  return (
    stream === event.stream &&
    event.type !== streamErased &&
    last.recordedAt === event.recordedAt &&
    last.revision + 1 === event.revision &&
    events.length < maxEvents &&
    size + more <= maxSize
  );
};

/** Parts the log into runs that one append each can write without changing the order of the log. */
async function* runsOf(origin: AsyncIterator<RecordedEvent, void>): AsyncGenerator<Run> {
  let run: Run | null = null;
  for (let next = await origin.next(); !next.done; next = await origin.next()) {
    const event = next.value;
    const size = sizeOf(event);
    if (run !== null && follows(run, event, size)) {
      run.events.push(event);
      run.size += size;
      continue;
    }
    if (run !== null) yield run;
    run = { stream: event.stream, events: [event], size };
  }
  if (run !== null) yield run;
}

const before = (revision: Revision): Expected => (revision === 0 ? 'no-stream' : revision - 1);

const inTheWay = (stream: StreamName, revision: Revision, actual: Expected | 'erased'): never => {
  const place = typeof actual === 'number' ? `at revision ${actual}` : actual;
  throw new CarillonError(
    'bad-request',
    `${stream} is ${place} in the target, and ${revision} was to come: somebody else writes there. Stop it, and move into an empty database`,
  );
};

/** Fills a stream up with placeholders, so that `revision` is the next; false when nothing is missing before it. */
const fill = async ({ store }: Destination, first: RecordedEvent): Promise<boolean> => {
  const { stream, revision, recordedAt } = first;
  const { head } = await store.read(stream, { backwards: true, limit: 1 });
  if (head === 'erased') return inTheWay(stream, revision, head);
  let next = head === 'no-stream' ? 0 : head + 1;
  if (next > revision) return inTheWay(stream, revision, next - 1);
  if (next === revision) return false;
  while (next < revision) {
    const end = Math.min(revision, next + maxEvents);
    const events: NewEvent[] = [];
    for (let at = next; at < end; at++) events.push(placeholder(stream, at, recordedAt));
    const result = await store.append({ stream, events, expected: before(next) });
    if (!result.ok) return inTheWay(stream, revision, result.actual);
    next = end;
  }
  return true;
};

const writeRun = async (to: Destination, { stream, events }: Run, unfinished: boolean): Promise<void> => {
  const first = events[0]!;
  to.stand(first.recordedAt);
  if (first.type === streamErased) {
    await fill(to, first);
    return to.store.erase(stream);
  }
  const item = { stream, events: events.map((event) => moved(event, to.keepsTime)), expected: before(first.revision) };
  const result = await to.store.append(item);
  if (result.ok && !unfinished) return;
  // The origin has dropped the events before this one.
  const filled = !result.ok && result.actual !== 'erased' && (await fill(to, first));
  const again = filled ? await to.store.append(item) : result;
  if (!again.ok) return inTheWay(stream, first.revision, again.actual);
  await to.store.truncate(stream, first.revision);
};

/**
 * Writes the rest of a log into the target, in its order: one append at a time, because a store gives events that come
 * together the order that suits it. This is the one place besides the owners of actors that appends.
 * Returns how many events were written, fewer than all when aborted. Throws `bad-request` when somebody else writes there, and the store's errors.
 */
export const copyLog = async (
  origin: AsyncIterator<RecordedEvent, void>,
  to: Destination,
  unfinished: Set<StreamName>,
  wrote: (event: RecordedEvent) => void,
  signal: AbortSignal,
): Promise<number> => {
  let events = 0;
  for await (const run of runsOf(origin)) {
    if (signal.aborted) break;
    await writeRun(to, run, unfinished.delete(run.stream));
    events += run.events.length;
    wrote(run.events.at(-1)!);
  }
  return events;
};
