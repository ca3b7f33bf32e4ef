import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { Database } from './database.ts';
import type { Session } from './session.ts';

/** Tells other processes that there is something new, and hears of theirs. It is a hint: what gets lost is found by a look. */
export type Wake = { tell(): void; close(): Promise<void> };

/** Between two NOTIFYs of this process, however much is new; and between two tries to connect. */
const pauseMs = 5;
const retryMs = 1_000;

const aborted = (signal: AbortSignal): Promise<unknown> => (signal.aborted ? Promise.resolve() : once(signal, 'abort'));

/**
 * A connection that listens to `channel`, and notifies in transactions of its own: a NOTIFY inside an append would let
 * PostgreSQL commit one append at a time.
 */
export const createWake = (database: Database, channel: string, heard: () => void): Wake => {
  const closing = new AbortController();
  let session: Session | undefined;
  let telling = false;
  let more = false;

  /** Until the connection is gone. */
  const listenOnce = async (): Promise<void> => {
    const fresh = await database.session();
    try {
      await fresh.query('SET synchronous_commit = off');
      await fresh.listen(channel, heard);
      session = fresh;
      await aborted(AbortSignal.any([fresh.lost, closing.signal]));
    } finally {
      session = undefined;
      await fresh.end();
    }
  };
  const listen = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      // A server that is away comes back; until then the others' looks find what is new.
      await listenOnce().catch(() => undefined);
      await wait(retryMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };
  const notify = async (): Promise<void> => {
    try {
      do {
        more = false;
        await session?.run(`NOTIFY ${channel}`);
        await wait(pauseMs);
      } while (more && !closing.signal.aborted);
    } catch {
      // The connection is gone; the others look by themselves.
    }
    telling = false;
  };
  const listening = listen();

  return {
    tell() {
      more = true;
      if (telling) return;
      telling = true;
      void notify();
    },
    close() {
      closing.abort();
      return listening;
    },
  };
};
