import { setImmediate as nextTurn } from 'node:timers/promises';
import { CarillonError } from '../../core/errors.ts';
import { type RecordedEvent, streamErased } from '../../core/event.ts';
import { categoryOf } from '../../core/stream.ts';
import type { LogPage, LogRange } from '../../ports/event-store.ts';
import { numberOf, positionOf } from './position.ts';

/** What a reader wants; null: all of it. Made once for each reader, so that stores may keep what they derive from it. */
export type Filter = { readonly types: ReadonlySet<string> | null; readonly categories: ReadonlySet<string> | null };

export const filterOf = ({ types, categories }: LogRange): Filter => ({
  types: types ? new Set(types) : null,
  categories: categories ? new Set(categories) : null,
});

/** Whether a reader wants an event; the marker of an erased stream concerns everybody. */
export const passes = (event: RecordedEvent, { types, categories }: Filter): boolean =>
  event.type === streamErased ||
  ((types === null || types.has(event.type)) && (categories === null || categories.has(categoryOf(event.stream))));

/** Where pages come from. `costly` pages let the event loop turn once before the next one. */
export type LogSource = {
  /** Throws `store-closed`. */
  head(): number;
  /** At most `limit` events after `after`, up to `upTo`; its own `upTo` is beyond `after`. */
  page(
    after: number,
    upTo: number,
    limit: number,
    filter: Filter,
  ): { readonly events: readonly RecordedEvent[]; readonly upTo: number; readonly costly: boolean };
};

/** Wakes whoever waits for the log to change. */
export type Bell = { ring(): void; wait(signal: AbortSignal): Promise<void> };

export const createBell = (): Bell => {
  let waiting = new Set<() => void>();
  return {
    ring() {
      const wakes = waiting;
      waiting = new Set();
      for (const wake of wakes) wake();
    },
    wait: (signal) =>
      new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake);
          waiting.delete(wake);
          resolve();
        };
        if (signal.aborted) return resolve();
        waiting.add(wake);
        signal.addEventListener('abort', wake);
      }),
  };
};

const defaultPageSize = 1000;
const maxPageSize = 10_000;

const pageSizeOf = (range: LogRange): number => {
  const size = range.pageSize ?? defaultPageSize;
  if (!Number.isSafeInteger(size) || size < 1) throw new CarillonError('bad-request', `pageSize must be 1 or more, not ${size}`);
  return Math.min(size, maxPageSize);
};

const limitOf = (range: LogRange): number => (range.upTo === undefined ? Number.POSITIVE_INFINITY : numberOf(range.upTo));

/** Pages up to the head of the moment, or `upTo`. */
export async function* readPages(source: LogSource, range: LogRange): AsyncGenerator<LogPage, void, void> {
  const size = pageSizeOf(range);
  const filter = filterOf(range);
  const end = Math.min(source.head(), limitOf(range));
  let after = numberOf(range.after);
  while (after < end) {
    source.head();
    const page = source.page(after, end, size, filter);
    after = page.upTo;
    yield { events: page.events, upTo: positionOf(after) };
    if (page.costly) await nextTurn();
  }
}

/** Pages that exist, then pages as they come; ends quietly on abort or at `upTo`, with `store-closed` when the store closes. */
export async function* subscribePages(
  source: LogSource,
  bell: Bell,
  range: LogRange,
  signal: AbortSignal,
): AsyncGenerator<LogPage, void, void> {
  const size = pageSizeOf(range);
  const filter = filterOf(range);
  const last = limitOf(range);
  let after = numberOf(range.after);
  while (!signal.aborted && after < last) {
    const end = Math.min(source.head(), last);
    if (after >= end) {
      await bell.wait(signal);
      continue;
    }
    const page = source.page(after, end, size, filter);
    after = page.upTo;
    yield { events: page.events, upTo: positionOf(after) };
    if (page.costly) await nextTurn();
  }
}
