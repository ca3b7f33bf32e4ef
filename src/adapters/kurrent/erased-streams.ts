import { type Revision, type StreamName, streamErased } from '../../core/event.ts';
import { type Erasure, erasureOf } from './codec.ts';
import { erasureBegun, erasureLog } from './names.ts';
import type { StreamReader } from './stream-reader.ts';

/** Which streams are gone: until a scavenge, the server still gives their events to readers of the whole log. */
export type ErasedStreams = {
  /** Reads what was written down since. Throws `store-unavailable`, `store-closed`. */
  refresh(): Promise<void>;
  all(): ReadonlySet<string>;
  /** The revision that a begun erasure of the stream noted for its marker. */
  begun(stream: StreamName): Revision | undefined;
  /** The last revision of the log of erasures; null while there is none. */
  last(): Revision | null;
};

/** Erasures read in one call. */
const perCall = 1000;

export const createErasedStreams = (reader: StreamReader): ErasedStreams => {
  const erased = new Set<string>();
  const begun = new Map<string, Revision>();
  let last: number | null = null;
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;

  const learn = (type: string, { stream, revision }: Erasure): void => {
    if (type === erasureBegun) begun.set(stream, revision);
    if (type !== streamErased) return;
    begun.delete(stream);
    erased.add(stream);
  };
  const read = async (): Promise<void> => {
    for (let found = perCall; found === perCall; ) {
      const records = await reader.records(erasureLog, last === null ? 0 : last + 1, perCall);
      for (const { type, data, revision } of records) {
        const erasure = erasureOf(data);
        if (erasure) learn(type, erasure);
        last = Number(revision);
      }
      found = records.length;
    }
  };

  return {
    refresh() {
      // A read that is under way may have begun before what the caller wants to see: it waits for the next one.
      next ??= current
        .catch(() => undefined)
        .then(() => {
          next = null;
          current = read();
          return current;
        });
      return next;
    },
    all: () => erased,
    begun: (stream) => begun.get(stream),
    last: () => last,
  };
};
