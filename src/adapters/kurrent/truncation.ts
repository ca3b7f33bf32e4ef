import type { StreamName } from '../../core/event.ts';
import type { Connection } from './connection.ts';
import { typeOf } from './errors.ts';
import type { Patiently } from './patience.ts';
import type { StreamReader } from './stream-reader.ts';

/**
 * Makes the call that hides a stream's events before a revision, the last one excepted; a scavenge drops them. What else
 * stands in the stream's metadata stays. Throws `store-unavailable`, `store-closed`.
 */
export const createTruncation =
  ({ client, appendCredentials, errorOf }: Connection, reader: StreamReader, patiently: Patiently) =>
  async (stream: StreamName, before: number): Promise<void> => {
    const head = await reader.head(stream);
    if (typeof head !== 'number') return;
    const truncateBefore = Math.min(before, head);
    try {
      const { metadata = {} } = await patiently(() => client.getStreamMetadata(stream));
      const { truncateBefore: now = 0 } = metadata;
      // Going back would show events again until they are scavenged.
      if (typeof now !== 'number' || now >= truncateBefore) return;
      await patiently(() => client.setStreamMetadata(stream, { ...metadata, truncateBefore }, appendCredentials));
    } catch (error) {
      if (typeOf(error) !== 'stream-deleted') throw errorOf(error);
    }
  };
