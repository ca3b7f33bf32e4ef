import type { AppendConsistencyViolationError, StreamTombstonedError, WrongExpectedVersionError } from '@kurrent/kurrentdb-client';
import type { AppendItem, AppendResult } from '../../ports/event-store.ts';
import { typeOf } from './errors.ts';
import type { StreamReader } from './stream-reader.ts';

/** The state a refused append met. */
export type Actual = (AppendResult & { ok: false })['actual'];

/** What the server answers for the state of a tombstoned stream. */
const tombstoned = -6n;

const actualOf = (state: unknown): Actual => {
  if (state === tombstoned) return 'erased';
  return typeof state === 'bigint' && state >= 0n ? Number(state) : 'no-stream';
};

/**
 * The streams for which the server refused an append, with their actual state; null when that was not the cause. Nothing
 * was written. A record batch names all of them, the others the first one.
 */
export const conflictsOf = (error: unknown): ReadonlyMap<string, Actual> | null => {
  switch (typeOf(error)) {
    case 'append-consistency-violation': {
      const { violations } = error as AppendConsistencyViolationError;
      return new Map(violations.map(({ streamName, actualState }) => [streamName, actualOf(actualState)]));
    }
    case 'wrong-expected-version': {
      const { streamName, actualState } = error as WrongExpectedVersionError;
      return new Map([[streamName, actualOf(actualState)]]);
    }
    case 'stream-deleted':
      return new Map([[(error as Error & { streamName: string }).streamName, 'erased']]);
    case 'stream-tombstoned':
      return new Map([[(error as StreamTombstonedError).stream, 'erased']]);
    default:
      return null;
  }
};

/**
 * The answer for one item in conflict. Its events may be there already, written by an earlier call whose answer was lost or
 * which had other company: that is a repeat.
 */
export const settleConflict = async (reader: StreamReader, item: AppendItem, actual: Actual): Promise<AppendResult> => {
  const { stream, events } = item;
  const first = item.expected === 'no-stream' ? 0 : item.expected + 1;
  const last = first + events.length - 1;
  if (typeof actual !== 'number' || actual < last) return { ok: false, actual };
  const page = await reader.page(stream, { from: first, limit: events.length });
  if (page.head === 'erased') return { ok: false, actual: 'erased' };
  const isRepeat = page.events.length === events.length && page.events.every(({ id }, index) => id === events[index]?.id);
  const position = page.events.at(-1)?.position;
  return isRepeat && position !== undefined ? { ok: true, revision: last, position } : { ok: false, actual };
};
