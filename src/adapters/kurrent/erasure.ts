import { randomUUID } from 'node:crypto';
import { CarillonError } from '../../core/errors.ts';
import { type NewEvent, type Revision, type StreamName, streamErased } from '../../core/event.ts';
import { derivedId } from '../../core/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AppendItem } from '../../ports/event-store.ts';
import { conflictsOf } from './conflict.ts';
import type { Connection } from './connection.ts';
import type { ErasedStreams } from './erased-streams.ts';
import { erasureBegun, erasureLog } from './names.ts';
import type { Patiently } from './patience.ts';
import type { StreamReader } from './stream-reader.ts';
import type { Write } from './writer.ts';

export type EventErasure = {
  /** True when this call erased it. Throws `store-unavailable`, `store-closed`: done again, it goes on where it stopped. */
  erase(stream: StreamName): Promise<boolean>;
};

type Deps = {
  readonly connection: Connection;
  readonly reader: StreamReader;
  readonly write: Write;
  readonly erased: ErasedStreams;
  readonly patiently: Patiently;
  readonly clock: Clock;
};

/** Others may append to the stream, or erase another one, between two of our steps. */
const maxTries = 20;

/**
 * Erases in three steps: the erasure is noted with the revision of its marker, the server closes the stream for good with
 * its tombstone, and the marker is written. Readers leave the stream's events out from then on.
 */
export const createErasure = ({ connection, reader, write, erased, patiently, clock }: Deps): EventErasure => {
  /** False when another one wrote to the log of erasures meanwhile. */
  const note = async (type: string, stream: StreamName, revision: Revision): Promise<boolean> => {
    const cause = derivedId('erase', stream);
    const metadata = { correlationId: cause, causationId: 'erase', asOf: clock.now(), rule: 'erased', schema: '1' };
    const event: NewEvent = { id: randomUUID(), type, data: { stream, revision }, metadata };
    const item: AppendItem = { stream: erasureLog, events: [event], expected: erased.last() ?? 'no-stream' };
    const [outcome] = await write([item]);
    if (outcome instanceof Error) throw outcome;
    return outcome?.ok ?? false;
  };
  /** False when the stream is at another revision by now. */
  const bury = async (stream: StreamName, head: Revision | 'no-stream'): Promise<boolean> => {
    try {
      const expectedRevision = head === 'no-stream' ? ('no_stream' as const) : BigInt(head);
      await patiently(() => connection.client.tombstoneStream(stream, { expectedRevision }));
      return true;
    } catch (error) {
      const conflict = conflictsOf(error);
      if (!conflict) throw connection.errorOf(error);
      return conflict.get(stream) === 'erased';
    }
  };
  /** Does the next missing step; true when none is left. */
  const step = async (stream: StreamName): Promise<boolean> => {
    await erased.refresh();
    if (erased.all().has(stream)) return true;
    const head = await reader.head(stream);
    const begun = erased.begun(stream);
    // A tombstone that somebody else set kept no revision.
    if (head === 'erased') return note(streamErased, stream, begun ?? 0);
    const next = head === 'no-stream' ? 0 : head + 1;
    if (begun !== next && !(await note(erasureBegun, stream, next))) return false;
    return (await bury(stream, head)) && note(streamErased, stream, next);
  };

  return {
    async erase(stream) {
      await erased.refresh();
      if (erased.all().has(stream)) return false;
      for (let tries = 0; tries < maxTries; tries++) {
        if (!(await step(stream))) continue;
        await erased.refresh();
        return true;
      }
      throw new CarillonError('store-unavailable', `${stream} was written to while it was erased; erase it again`);
    },
  };
};
