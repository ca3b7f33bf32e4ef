import type { RecordedEvent } from '../../core/event.ts';

/** The newest part of the log as a subscription told it: what lies after `from` and up to `to`, without a gap. */
export type Window = {
  readonly from: number;
  readonly to: number;
  /** Adds what lies at an offset; null for an event that is not Carillon's. */
  add(offset: number, event: RecordedEvent | null): void;
  /** At most `limit` offsets after `after`; null when the window begins later. */
  after(after: number, limit: number): { readonly events: readonly RecordedEvent[]; readonly upTo: number } | null;
};

/** Offsets kept: who falls behind further reads from the server. */
const kept = 2048;

export const createWindow = (start: number): Window => {
  let entries: { readonly offset: number; readonly event: RecordedEvent | null }[] = [];
  let from = start;
  let to = start;
  return {
    get from() {
      return from;
    },
    get to() {
      return to;
    },
    add(offset, event) {
      if (offset <= to) return;
      entries.push({ offset, event });
      to = offset;
      if (entries.length < kept * 2) return;
      from = entries[kept - 1]!.offset;
      entries = entries.slice(kept);
    },
    after(after, limit) {
      if (after < from) return null;
      const first = entries.findIndex(({ offset }) => offset > after);
      if (first < 0) return null;
      const part = entries.slice(first, first + limit);
      const events = part.flatMap(({ event }) => (event ? [event] : []));
      return { events, upTo: part.at(-1)!.offset };
    },
  };
};
