import type { RecordedEvent } from '../../core/event.ts';
import { type Filter, passes } from '../memory/tail.ts';
import { fromServer } from './codec.ts';
import type { Connection } from './connection.ts';
import type { ErasedStreams } from './erased-streams.ts';
import { serverFilterOf, shown } from './log-filter.ts';
import { pairOf } from './position.ts';

/** Events, and the offset that they reach. */
export type Page = { readonly events: readonly RecordedEvent[]; readonly upTo: number };

/** Reads of the whole log, by offsets. Throws `store-unavailable`, `store-closed`. */
export type LogReader = {
  /** The offset of the last event that is not the server's own; 0 when there is none. */
  head(): Promise<number>;
  /** Pages of at most `size` events after `after`, up to `end`, which is at or before the head. */
  pages(after: number, end: number, size: number, filter: Filter): AsyncGenerator<Page, void, void>;
};

/**
 * Events asked for in one call. The client's native part sends a call in two pieces and waits up to 40 ms for the first to
 * be acknowledged, so a call should bring many pages; what it brings is held in memory.
 */
const perCall = 10_000;

/** Reads through the client's native part, which gets its events in bulk. */
export const createLogReader = (
  { kurrent, client, reads, convertError, assertOpen, errorOf }: Connection,
  erased: ErasedStreams,
): LogReader => {
  const head = async (): Promise<number> => {
    assertOpen();
    try {
      const last = await reads.last();
      assertOpen();
      return Number(last?.position?.prepare ?? 0);
    } catch (error) {
      throw errorOf(convertError(error));
    }
  };

  /** The pages of one call; the last one ends where the call did, at `end` when that was reached. */
  async function* call(after: number, end: number, size: number, filter: Filter): AsyncGenerator<Page, void, void> {
    const known = erased.refresh();
    known.catch(() => undefined);
    // The server begins with the event at the place it is given.
    const maxCount = Math.max(perCall, size) + 1;
    const fromPosition = after === 0 ? ('start' as const) : pairOf(after);
    let events: RecordedEvent[] = [];
    let last = after;
    let count = 0;
    for await (const { event } of client.readAll({ fromPosition, maxCount, filter: serverFilterOf(kurrent, filter) })) {
      count += 1;
      const offset = Number(event?.position.prepare ?? 0);
      if (offset > end) break;
      if (offset <= after) continue;
      last = offset;
      const ours = fromServer(event);
      if (ours && passes(ours, filter)) events.push(ours);
      if (events.length < size || last === end) continue;
      await known;
      yield { events: shown(events, erased.all()), upTo: last };
      assertOpen();
      events = [];
    }
    await known;
    yield { events: shown(events, erased.all()), upTo: count === maxCount ? last : end };
  }

  async function* pages(after: number, end: number, size: number, filter: Filter): AsyncGenerator<Page, void, void> {
    let reached = after;
    while (reached < end) {
      assertOpen();
      try {
        for await (const page of call(reached, end, size, filter)) {
          reached = page.upTo;
          yield page;
        }
      } catch (error) {
        throw errorOf(error);
      }
    }
  }
  return { head, pages };
};
