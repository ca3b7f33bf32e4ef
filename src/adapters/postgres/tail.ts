import { CarillonError } from '../../core/errors.ts';
import type { LogPage, LogRange } from '../../ports/event-store.ts';
import { numberOf, positionOf } from '../memory/position.ts';
import { filterOf } from '../memory/tail.ts';
import type { EventReader } from './event-reader.ts';
import type { Heads } from './heads.ts';

const defaultPageSize = 1000;
const maxPageSize = 10_000;

const pageSizeOf = ({ pageSize = defaultPageSize }: LogRange): number => {
  if (!Number.isSafeInteger(pageSize) || pageSize < 1)
    throw new CarillonError('bad-request', `pageSize must be 1 or more, not ${pageSize}`);
  return Math.min(pageSize, maxPageSize);
};

const lastOf = ({ upTo }: LogRange): number => (upTo === undefined ? Number.POSITIVE_INFINITY : numberOf(upTo));

/** Pages up to the head of the moment, or `upTo`. */
export async function* readPages(reader: EventReader, heads: Heads, range: LogRange): AsyncGenerator<LogPage, void, void> {
  const size = pageSizeOf(range);
  const filter = filterOf(range);
  const last = lastOf(range);
  const end = Math.min(await heads.read(), last);
  for (let after = numberOf(range.after); after < end; ) {
    const page = await reader.page(after, end, size, filter);
    after = page.upTo;
    yield { events: page.events, upTo: positionOf(after) };
  }
}

/** Pages that exist, then pages as they come; ends quietly on abort or at `upTo`, with an error when the server goes or the store closes. */
export async function* subscribePages(
  reader: EventReader,
  heads: Heads,
  range: LogRange,
  signal: AbortSignal,
): AsyncGenerator<LogPage, void, void> {
  const size = pageSizeOf(range);
  const filter = filterOf(range);
  const last = lastOf(range);
  let after = numberOf(range.after);
  while (after < last) {
    const head = await heads.beyond(after, signal);
    if (head === null) return;
    const page = await reader.page(after, Math.min(head, last), size, filter);
    after = page.upTo;
    yield { events: page.events, upTo: positionOf(after) };
  }
}
