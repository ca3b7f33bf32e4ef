import type { RecordedEvent } from '../../src/core/event.ts';

/**
 * What is wrong after a run. lost: acknowledged or owed, and not there. doubled: there more than once. stuck: should have
 * ended and did not. wrong: anything else that must hold (a hole in a stream, a read model that is not what the log says).
 */
export type Finding = { readonly kind: 'lost' | 'doubled' | 'stuck' | 'wrong'; readonly text: string };

export type Say = (kind: Finding['kind'], text: string) => void;

/** Looks at the log event by event; `end` says what is missing. */
export type Watcher = { see(event: RecordedEvent): void; end(): void };

/** Counts per key. */
export const createCounts = () => {
  const counts = new Map<string, number>();
  return {
    add: (key: string): number => {
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count;
    },
    of: (key: string): number => counts.get(key) ?? 0,
    keys: (): Iterable<string> => counts.keys(),
    size: (): number => counts.size,
  };
};
