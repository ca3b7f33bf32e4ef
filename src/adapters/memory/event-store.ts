import { setImmediate as nextTurn } from 'node:timers/promises';
import { CarillonError } from '../../core/errors.ts';
import { type NewEvent, type RecordedEvent, type StreamName, streamErased } from '../../core/event.ts';
import { derivedId } from '../../core/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AppendItem, AppendResult, EventStore, StreamPage, StreamRange } from '../../ports/event-store.ts';
import { numberOf, positionOf } from './position.ts';
import { createBell, type LogSource, passes, readPages, subscribePages } from './tail.ts';

type Stream = { readonly events: Map<number, RecordedEvent>; head: number; erased: boolean };

/** The position of the last of `events` when their ids follow the expected revision: a repeat. */
const findRepeat = (stream: Stream | undefined, { events, expected }: AppendItem): AppendResult | null => {
  const first = expected === 'no-stream' ? 0 : expected + 1;
  const revision = first + events.length - 1;
  if (!events.every((event, index) => stream?.events.get(first + index)?.id === event.id)) return null;
  const position = stream?.events.get(revision)?.position;
  return position === undefined ? null : { ok: true, revision, position };
};

const readStream = (stream: Stream | undefined, range: StreamRange): StreamPage => {
  if (!stream) return { events: [], head: 'no-stream' };
  if (stream.erased) return { events: [], head: 'erased' };
  const step = range.backwards ? -1 : 1;
  const limit = range.limit ?? 1000;
  const events: RecordedEvent[] = [];
  for (let revision = range.from ?? (range.backwards ? stream.head : 0); revision >= 0 && revision <= stream.head; revision += step) {
    if (events.length >= limit) break;
    const event = stream.events.get(revision);
    if (event) events.push(event);
  }
  return { events, head: stream.head };
};

const assertItem = ({ stream, events }: AppendItem): void => {
  if (events.length === 0) throw new CarillonError('bad-request', `Nothing to append to ${stream}`);
};

/** The event store in plain maps, for tests: the same answers as the others, gone with its process. */
export const createMemoryEventStore = ({ clock }: { readonly clock: Clock }): EventStore => {
  const streams = new Map<StreamName, Stream>();
  const log: (RecordedEvent | null)[] = [];
  const bell = createBell();
  let closed = false;

  const open = (): void => {
    if (closed) throw new CarillonError('store-closed', 'The store is closed');
  };
  const source: LogSource = {
    head() {
      open();
      return log.length;
    },
    page(after, upTo, limit, filter) {
      const events: RecordedEvent[] = [];
      let position = after;
      while (position < upTo && events.length < limit) {
        const event = log[position++];
        if (event && passes(event, filter)) events.push(event);
      }
      return { events, upTo: position, costly: true };
    },
  };
  const add = (name: StreamName, stream: Stream, event: NewEvent): void => {
    const copy = JSON.parse(JSON.stringify(event)) as NewEvent;
    const recorded = { ...copy, stream: name, revision: ++stream.head, position: positionOf(log.length + 1), recordedAt: clock.now() };
    stream.events.set(recorded.revision, recorded);
    log.push(recorded);
  };
  const streamOf = (name: StreamName): Stream => {
    const stream = streams.get(name) ?? { events: new Map(), head: -1, erased: false };
    streams.set(name, stream);
    return stream;
  };
  const append = (item: AppendItem): AppendResult => {
    const known = streams.get(item.stream);
    if (known?.erased) return { ok: false, actual: 'erased' };
    const actual = known?.head ?? 'no-stream';
    if (actual !== item.expected) return findRepeat(known, item) ?? { ok: false, actual };
    const stream = streamOf(item.stream);
    for (const event of item.events) add(item.stream, stream, event);
    return { ok: true, revision: stream.head, position: positionOf(log.length) };
  };
  const forget = (stream: Stream, before: number): void => {
    for (const [revision, event] of stream.events) {
      if (revision >= before) continue;
      stream.events.delete(revision);
      log[numberOf(event.position) - 1] = null;
    }
  };
  const appendMany = async (items: readonly AppendItem[]): Promise<readonly AppendResult[]> => {
    open();
    items.forEach(assertItem);
    if (new Set(items.map((item) => item.stream)).size < items.length)
      throw new CarillonError('bad-request', 'A stream stands in the batch twice');
    // Other stores answer in a later turn; callers must not lean on less.
    await nextTurn();
    open();
    const results = items.map(append);
    bell.ring();
    return results;
  };

  return {
    appendMany,
    append: async (item) => (await appendMany([item]))[0] as AppendResult,
    async read(stream, range = {}) {
      open();
      return readStream(streams.get(stream), range);
    },
    readAll: (range) => readPages(source, range),
    subscribe: (range, signal) => subscribePages(source, bell, range, signal),
    async truncate(name, before) {
      open();
      const stream = streams.get(name);
      if (stream && !stream.erased) forget(stream, Math.min(before, stream.head));
    },
    async erase(name) {
      open();
      const stream = streamOf(name);
      if (stream.erased) return;
      forget(stream, Number.POSITIVE_INFINITY);
      const id = derivedId('erase', name);
      add(name, stream, {
        type: streamErased,
        data: {},
        id,
        metadata: { correlationId: id, causationId: 'erase', asOf: clock.now(), rule: 'erased', schema: '1' },
      });
      stream.erased = true;
      bell.ring();
    },
    async head() {
      const head = source.head();
      return head === 0 ? null : positionOf(head);
    },
    async close() {
      closed = true;
      bell.ring();
    },
  };
};
