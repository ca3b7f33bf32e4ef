import type { STREAM_STATE } from '@kurrent/kurrentdb-client';
import type { AppendItem, AppendResult, Expected } from '../../ports/event-store.ts';
import { toServer } from './codec.ts';
import type { Connection } from './connection.ts';
import { typeOf } from './errors.ts';
import { atOffset } from './position.ts';

/** How appends to several streams go: in one record batch (26.1), one session (25.1), or each alone (below). */
export type Mode = 'records' | 'session' | 'single';
export type Written = AppendResult & { ok: true };

type State = 'no_stream' | bigint;
const stateOf = (expected: Expected): State => (expected === 'no-stream' ? 'no_stream' : BigInt(expected));

/** Appends items of distinct streams, all or nothing: the results are in their order. Throws the client's errors. */
type Way = (items: readonly AppendItem[]) => Promise<readonly Written[]>;

/** All records of a batch lie behind one another: the place of its last one is told for each of them. */
const answersOf = (items: readonly AppendItem[], position: bigint): readonly Written[] =>
  items.map(({ expected, events }) => ({
    ok: true,
    revision: (expected === 'no-stream' ? -1 : expected) + events.length,
    position: atOffset(Number(position)),
  }));

const recordsBatch =
  ({ client, kurrent }: Connection): Way =>
  async (items) => {
    const records = items.flatMap(({ stream, events }) => events.map((event) => ({ streamName: stream, record: toServer(event) })));
    const checks = items.map(({ stream, expected }) => ({
      type: kurrent.STREAM_STATE as typeof STREAM_STATE,
      streamName: stream,
      expectedState: stateOf(expected),
    }));
    const { position } = await client.appendRecords(records, checks);
    return answersOf(items, position);
  };

const sessionBatch =
  ({ client }: Connection): Way =>
  async (items) => {
    const requests = items.map(({ stream, events, expected }) => ({
      streamName: stream,
      events: events.map(toServer),
      expectedState: stateOf(expected),
    }));
    const { position } = await client.multiStreamAppend(requests);
    return answersOf(items, position);
  };

const singleAppend =
  ({ client, appendCredentials }: Connection): Way =>
  async (items) => {
    const written: Written[] = [];
    for (const item of items) {
      const events = item.events.map(toServer);
      const { position } = await client.appendToStream(item.stream, events, { streamState: stateOf(item.expected), ...appendCredentials });
      written.push(...answersOf([item], position?.commit ?? 0n));
    }
    return written;
  };

/** The largest batch that the server knows. */
export type Batch = {
  mode(): Mode;
  /** Null when the server turned out not to know this mode: nothing was sent, and `mode` is another one now. */
  send: (items: readonly AppendItem[]) => Promise<readonly Written[] | null>;
};

export const createBatch = (connection: Connection): Batch => {
  const ways: Record<Mode, Way> = {
    records: recordsBatch(connection),
    session: sessionBatch(connection),
    single: singleAppend(connection),
  };
  const below: Record<Mode, Mode> = { records: 'session', session: 'single', single: 'single' };
  let mode: Mode = 'records';
  return {
    mode: () => mode,
    async send(items) {
      const tried = mode;
      try {
        return await ways[tried](items);
      } catch (error) {
        if (typeOf(error) !== 'unsupported') throw error;
        // Another call may have found out meanwhile.
        if (mode === tried) mode = below[tried];
        return null;
      }
    },
  };
};
