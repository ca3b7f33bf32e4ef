import { CarillonError, isCarillonError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AppendItem, AppendResult, EventStore } from '../../ports/event-store.ts';
import { positionOf } from '../memory/position.ts';
import { createDatabase } from './database.ts';
import { sqlState } from './errors.ts';
import { createEventReader } from './event-reader.ts';
import { createEventRemoval } from './event-removal.ts';
import { eventPart } from './event-schema.ts';
import { createEventWriter } from './event-writer.ts';
import { createGroupCommit } from './group-commit.ts';
import { createHeads } from './heads.ts';
import { createKinds } from './kinds.ts';
import { openPart } from './migrate.ts';
import { assertDistinct, prepareItem } from './prepared-item.ts';
import { createSafeHead } from './safe-head.ts';
import { readPages, subscribePages } from './tail.ts';
import { createVacuum } from './vacuum.ts';
import { createWake } from './wake.ts';

export type PostgresEventStoreOptions = {
  /** `postgres://user:password@host:port/database`; CARILLON_POSTGRES_URL. */
  readonly url: string;
  readonly clock: Clock;
  /** Most connections of this store; 6 when absent. */
  readonly connections?: number;
};

/** `compact` rewrites the log without what is left of removed events; nobody reads or appends meanwhile. */
export type PostgresEventStore = EventStore & { compact(): Promise<void> };

/** The server refused the statement, so nothing of it was written, and the others of the batch may do without the one at fault. */
const mayStandAlone = (error: unknown): boolean => {
  const state = sqlState(error);
  return state !== null && (state.startsWith('40') || !isCarillonError(error, 'store-unavailable'));
};

/**
 * The event store in a PostgreSQL database, for any number of processes. Erased and truncated content is gone for every
 * reader at once; its bytes go from the table with VACUUM, from the write-ahead log and from backups as those are recycled.
 * Throws `config-invalid`, `store-newer`, `store-unavailable`.
 */
export const openPostgresEventStore = async ({ url, clock, connections = 6 }: PostgresEventStoreOptions): Promise<PostgresEventStore> => {
  // A plan that was made while the tables were small stays for a while: it must not go through all of them.
  const database = createDatabase({ url, connections, settings: { enable_seqscan: 'off' } });
  const kinds = createKinds(database);
  await openPart(database, eventPart);
  const heads = createHeads(createSafeHead(database, kinds));
  const reader = createEventReader(database, kinds);
  const removal = createEventRemoval(database, kinds, clock);
  const write = createEventWriter(database, kinds, clock);
  const wake = createWake(database, 'carillon_events', heads.poke);
  const changed = (): void => {
    heads.poke();
    wake.tell();
  };
  const group = createGroupCommit((items) => write(items).finally(changed), mayStandAlone);
  const vacuum = createVacuum(database, () => ['VACUUM carillon.events']);

  let closing: Promise<void> | undefined;
  const closed = () => new CarillonError('store-closed', `PostgreSQL ${database.name} is closed`);
  const shut = async (): Promise<void> => {
    await group.idle();
    await wake.close();
    await database.close();
    heads.fail(closed());
  };

  const submit = async (items: readonly AppendItem[]): Promise<readonly AppendResult[]> => {
    if (closing) throw closed();
    return group.submit(items.map(prepareItem));
  };

  return {
    append: async (item) => (await submit([item]))[0] as AppendResult,
    async appendMany(items) {
      assertDistinct(items);
      return items.length === 0 ? [] : submit(items);
    },
    read: (stream, range = {}) => reader.stream(stream, range),
    readAll: (range) => readPages(reader, heads, range),
    subscribe: (range, signal) => subscribePages(reader, heads, range, signal),
    truncate: (stream, before) => removal.truncate(stream, before),
    async erase(stream) {
      if (!(await removal.erase(stream))) return;
      changed();
      await vacuum();
    },
    compact: () => database.maintain('VACUUM FULL carillon.events'),
    async head() {
      const head = await heads.read();
      return head === 0 ? null : positionOf(head);
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
};
