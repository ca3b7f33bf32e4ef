import { setTimeout as wait } from 'node:timers/promises';
import { isTransient } from '../../core/errors.ts';
import { lockKey } from './advisory.ts';
import { createDatabase } from './database.ts';
import type { Session } from './session.ts';

/** What one process of many does, such as writing a projection. */
export type Leadership = {
  /** Aborts when the connection is gone, and with it the lead. What the leader writes must be fenced all the same. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
};

export type LeadershipOptions = {
  /** `postgres://user:password@host:port/database`; CARILLON_POSTGRES_URL. */
  readonly url: string;
  /** What is led; one leader for each name in a database. */
  readonly name: string;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
};

/** How long a lead that became free, or a server that came back, may stay unseen. */
const tryMs = 200;

/**
 * Waits until this process leads, or is told to stop (null). A leader whose connection ends is followed by another within
 * moments. A server that is away is waited for. Throws `config-invalid`.
 */
export const holdLeadership = async ({ url, name, signal }: LeadershipOptions): Promise<Leadership | null> => {
  const database = createDatabase({ url, connections: 1 });
  const key = lockKey('leader', name);
  let session: Session | null = null;
  while (!signal.aborted) {
    try {
      session ??= await database.session();
      const held: Session = session;
      const [row] = await held.query<{ won: boolean }>('SELECT pg_try_advisory_lock($1) AS won', [key]);
      if (row?.won) return { lost: held.lost, release: () => held.end() };
    } catch (error) {
      await session?.end();
      session = null;
      if (!isTransient(error)) throw error;
    }
    await wait(tryMs, undefined, { signal }).catch(() => undefined);
  }
  await session?.end();
  return null;
};
