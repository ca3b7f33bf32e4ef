import type { RecordedEvent, Revision, StreamName } from '../../core/event.ts';
import type { StreamPage, StreamRange } from '../../ports/event-store.ts';
import { fromServer, type ServerRecord } from './codec.ts';
import type { Connection } from './connection.ts';
import { typeOf } from './errors.ts';
import type { Where } from './short-reads.ts';

type Head = StreamPage['head'];

/** Reads of one stream. Throws `store-unavailable`, `store-closed`. */
export type StreamReader = {
  page(stream: StreamName, range: StreamRange): Promise<StreamPage>;
  head(stream: StreamName): Promise<Head>;
  /** As the server holds them: also those that readers do not get. */
  records(stream: StreamName, from: Revision, limit: number): Promise<readonly ServerRecord[]>;
};

type Found = readonly ServerRecord[] | 'no-stream' | 'erased';

const oursAmong = (records: readonly ServerRecord[]): readonly RecordedEvent[] => records.map(fromServer).filter((event) => event !== null);
const lastOf = (records: readonly ServerRecord[]): Revision | null => (records.length === 0 ? null : Number(records.at(-1)?.revision));

export const createStreamReader = ({ reads, convertError, assertOpen, errorOf }: Connection): StreamReader => {
  const take = async (stream: StreamName, where: Where): Promise<Found> => {
    assertOpen();
    try {
      const records = await reads.stream(stream, where);
      assertOpen();
      return records ?? 'no-stream';
    } catch (error) {
      const told = convertError(error);
      if (typeOf(told) === 'stream-not-found') return 'no-stream';
      if (typeOf(told) === 'stream-deleted') return 'erased';
      throw errorOf(told);
    }
  };
  const head = async (stream: StreamName): Promise<Head> => {
    const found = await take(stream, { backwards: true, from: undefined, limit: 1 });
    if (typeof found === 'string') return found;
    return lastOf(found) ?? 'no-stream';
  };

  return {
    head,
    async page(stream, { from, backwards = false, limit = 1000 }) {
      // One more than asked for: a page that falls short of it has shown the head.
      const found = await take(stream, { backwards, from, limit: limit + 1 });
      if (typeof found === 'string') return { events: [], head: found };
      const events = oursAmong(found.slice(0, limit));
      const isSeen = backwards ? from === undefined : found.length <= limit;
      const edge = backwards ? lastOf(found.slice(0, 1)) : lastOf(found);
      return { events, head: isSeen && edge !== null ? edge : await head(stream) };
    },
    async records(stream, from, limit) {
      const found = await take(stream, { backwards: false, from, limit });
      return typeof found === 'string' ? [] : found;
    },
  };
};
