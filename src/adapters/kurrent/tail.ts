import { CarillonError } from '../../core/errors.ts';
import type { LogPage, LogRange } from '../../ports/event-store.ts';
import { type Filter, filterOf, passes } from '../memory/tail.ts';
import type { ErasedStreams } from './erased-streams.ts';
import type { Live } from './live.ts';
import { shown } from './log-filter.ts';
import type { LogReader, Page } from './log-reader.ts';
import { atOffset, offsetOf } from './position.ts';

const defaultPageSize = 1000;
const maxPageSize = 10_000;

const pageSizeOf = ({ pageSize = defaultPageSize }: LogRange): number => {
  if (!Number.isSafeInteger(pageSize) || pageSize < 1)
    throw new CarillonError('bad-request', `pageSize must be 1 or more, not ${pageSize}`);
  return Math.min(pageSize, maxPageSize);
};

const lastOf = ({ upTo }: LogRange): number => (upTo === undefined ? Number.POSITIVE_INFINITY : offsetOf(upTo));

/** Pages up to the head of the moment, or `upTo`. */
export async function* readPages(reader: LogReader, range: LogRange): AsyncGenerator<LogPage, void, void> {
  const size = pageSizeOf(range);
  const filter = filterOf(range);
  const end = Math.min(await reader.head(), lastOf(range));
  for await (const { events, upTo } of reader.pages(offsetOf(range.after), end, size, filter)) yield { events, upTo: atOffset(upTo) };
}

export type Tail = { readonly reader: LogReader; readonly live: Live; readonly erased: ErasedStreams };

/** What the subscription has, cut at `last`; null when a page has to be read. */
const livePage = ({ live, erased }: Tail, after: number, last: number, size: number, filter: Filter): Page | null => {
  const found = live.page(after, size);
  if (!found) return null;
  const wanted = found.events.filter((event) => passes(event, filter) && offsetOf(event.position) <= last);
  return { events: shown(wanted, erased.all()), upTo: Math.min(found.upTo, last) };
};

/** Pages that exist, then pages as they come; ends quietly on abort or at `upTo`, with an error when the server goes or the store closes. */
export async function* subscribePages(tail: Tail, range: LogRange, signal: AbortSignal): AsyncGenerator<LogPage, void, void> {
  const size = pageSizeOf(range);
  const filter = filterOf(range);
  const last = lastOf(range);
  for (let after = offsetOf(range.after); after < last; ) {
    const head = await tail.live.beyond(after, signal);
    if (head === null) return;
    const page = livePage(tail, after, last, size, filter);
    const pages = page ? [page] : tail.reader.pages(after, Math.min(head, last), size, filter);
    for await (const { events, upTo } of pages) {
      if (signal.aborted) return;
      after = upTo;
      yield { events, upTo: atOffset(after) };
    }
  }
}
