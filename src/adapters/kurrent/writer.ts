import { CarillonError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AppendItem, AppendResult } from '../../ports/event-store.ts';
import { createBatch } from './batch.ts';
import { type Actual, conflictsOf, settleConflict } from './conflict.ts';
import type { Connection } from './connection.ts';
import { isTooLarge } from './errors.ts';
import { createPatience } from './patience.ts';
import type { StreamReader } from './stream-reader.ts';

/** Each item's answer, in their order; an error for an item that could not be written or whose fate is unknown. */
export type Write = (items: readonly AppendItem[]) => Promise<readonly (AppendResult | CarillonError)[]>;

/** A session names one conflict a time: after this many the rest goes alone. */
const maxRounds = 4;

type Outcomes = Map<string, AppendResult | CarillonError>;

/** Appends items of distinct streams together and answers each for itself. */
export const createWriter = (connection: Connection, reader: StreamReader, clock: Clock): Write => {
  const batch = createBatch(connection);
  const patiently = createPatience(connection, clock);

  const settleAll = async (items: readonly AppendItem[], conflicts: ReadonlyMap<string, Actual>, outcomes: Outcomes): Promise<void> => {
    const settle = async (item: AppendItem): Promise<void> => {
      outcomes.set(item.stream, await settleConflict(reader, item, conflicts.get(item.stream) ?? 'no-stream'));
    };
    await Promise.all(items.map(settle));
  };
  const eachAlone = async (items: readonly AppendItem[], outcomes: Outcomes): Promise<void> => {
    await Promise.all(items.map((item) => writeAll([item], outcomes)));
  };
  /** What is left to write after a refusal of which the server gave the reason; throws any other error. */
  const afterRefusal = async (error: unknown, items: readonly AppendItem[], outcomes: Outcomes): Promise<readonly AppendItem[]> => {
    const conflicts = conflictsOf(error);
    const losers = conflicts ? items.filter(({ stream }) => conflicts.has(stream)) : [];
    if (conflicts && losers.length > 0) {
      await settleAll(losers, conflicts, outcomes);
      return items.filter((item) => !losers.includes(item));
    }
    if (!isTooLarge(error) || items.length === 1) throw connection.errorOf(error);
    const half = Math.ceil(items.length / 2);
    await writeAll(items.slice(0, half), outcomes);
    return items.slice(half);
  };
  const writeAll = async (items: readonly AppendItem[], outcomes: Outcomes): Promise<void> => {
    let left = items;
    try {
      for (let round = 0; left.length > 0; round++) {
        if (left.length > 1 && (batch.mode() === 'single' || (batch.mode() === 'session' && round >= maxRounds)))
          return await eachAlone(left, outcomes);
        try {
          const written = await patiently(() => batch.send(left));
          if (!written) continue;
          for (const [index, { stream }] of left.entries()) outcomes.set(stream, written[index]!);
          return;
        } catch (error) {
          left = await afterRefusal(error, left, outcomes);
        }
      }
    } catch (error) {
      for (const { stream } of left) if (!outcomes.has(stream)) outcomes.set(stream, connection.errorOf(error));
    }
  };

  return async (items) => {
    const outcomes: Outcomes = new Map();
    await writeAll(items, outcomes);
    return items.map(({ stream }) => outcomes.get(stream) ?? new CarillonError('internal', `No outcome for ${stream}`));
  };
};
