import { CarillonError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AppendItem, AppendResult, EventStore } from '../../ports/event-store.ts';
import type { Observers } from '../../ports/observers.ts';
import { createConnection } from './connection.ts';
import { createErasedStreams } from './erased-streams.ts';
import { createErasure } from './erasure.ts';
import { createLanes } from './lanes.ts';
import { createLive } from './live.ts';
import { createLogReader } from './log-reader.ts';
import { createPatience } from './patience.ts';
import { atOffset } from './position.ts';
import { sayTo } from './say.ts';
import { createScavenge } from './scavenge.ts';
import { createStreamReader } from './stream-reader.ts';
import { readPages, subscribePages } from './tail.ts';
import { createTruncation } from './truncation.ts';
import { createWriter } from './writer.ts';

export type KurrentEventStoreOptions = {
  /** `kurrentdb://user:password@host:2113?tls=true`, or `esdb://`; CARILLON_KURRENTDB_URL. */
  readonly url: string;
  readonly clock: Clock;
  readonly observers?: Observers;
};

const assertItem = ({ stream, events, expected }: AppendItem): void => {
  if (events.length === 0) throw new CarillonError('bad-request', `Nothing to append to ${stream}`);
  if (expected !== 'no-stream' && !(Number.isSafeInteger(expected) && expected >= 0))
    throw new CarillonError('bad-request', `Revision ${expected} cannot be expected`);
};

/**
 * The event store on a KurrentDB or EventStoreDB server, for any number of processes. A position is an offset in the
 * server's log; items of one batch are told the position of its last event. Erased and truncated content is gone for
 * readers of its stream at once, and from the server's disk with its next scavenge.
 * Throws `config-invalid`, `store-unavailable`.
 */
export const openKurrentEventStore = async ({ url, clock, observers }: KurrentEventStoreOptions): Promise<EventStore> => {
  const connection = await createConnection(url);
  const reader = createStreamReader(connection);
  const erased = createErasedStreams(reader);
  const log = createLogReader(connection, erased);
  try {
    // Shows at once whether the server answers, and whether the user may read.
    await connection.greet();
    await Promise.all([erased.refresh(), log.head()]);
  } catch (error) {
    const told = connection.errorOf(error);
    await connection.close();
    throw told;
  }
  const live = createLive(connection, log, clock);
  const patiently = createPatience(connection, clock);
  const write = createWriter(connection, reader, clock);
  const lanes = createLanes(write);
  const erasure = createErasure({ connection, reader, write, erased, patiently, clock });
  const truncate = createTruncation(connection, reader, patiently);
  const scavenge = createScavenge(connection.address, clock, connection.closing, sayTo(observers));

  const submit = async (items: readonly AppendItem[]): Promise<readonly AppendResult[]> => {
    connection.assertOpen();
    items.forEach(assertItem);
    if (new Set(items.map(({ stream }) => stream)).size < items.length)
      throw new CarillonError('bad-request', 'A stream stands in the batch twice');
    return lanes.submit(items);
  };

  return {
    append: async (item) => (await submit([item]))[0] as AppendResult,
    appendMany: submit,
    read: (stream, range = {}) => reader.page(stream, range),
    readAll: (range) => readPages(log, range),
    subscribe: (range, signal) => subscribePages({ reader: log, live, erased }, range, signal),
    truncate,
    async erase(stream) {
      if (await erasure.erase(stream)) scavenge();
    },
    async head() {
      const head = await log.head();
      return head === 0 ? null : atOffset(head);
    },
    async close() {
      await connection.close();
      await lanes.idle();
    },
  };
};
