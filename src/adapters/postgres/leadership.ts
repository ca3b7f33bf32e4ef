import { setTimeout as wait } from 'node:timers/promises';
import { isTransient } from '../../core/errors.ts';
import type { Leadership } from '../../ports/cluster.ts';
import { lockKey } from './advisory.ts';
import { createDatabase } from './database.ts';
import type { Session } from './session.ts';

export type LeadershipOptions = {
  /** `postgres://user:password@host:port/database`; CARILLON_POSTGRES_URL. */
  readonly url: string;
};

export type Leaderships = {
  /**
   * Waits until this process leads under a name, or is told to stop (null). A leader whose connection ends is followed by another
   * within moments. A server that is away is waited for. Throws `config-invalid`.
   */
  hold(name: string, signal: AbortSignal): Promise<Leadership | null>;
  /** Gives up all that is held. */
  close(): Promise<void>;
};

/** How long a lead that became free, or a server that came back, may stay unseen. */
const tryMs = 200;

/** What one process of many does, each under a name: advisory locks of one connection, which all go when it goes. */
export const openLeadership = ({ url }: LeadershipOptions): Leaderships => {
  const database = createDatabase({ url, connections: 1 });
  let opening: Promise<Session> | null = null;
  const held = new Set<string>();

  /** The one session, opened again when it was lost. */
  const session = async (): Promise<Session> => {
    const before = opening;
    const known = await before?.catch(() => null);
    // Many may wait for it: whoever finds it lost first opens the next one, for all of them.
    if (opening === before && (known === undefined || known === null || known.lost.aborted)) {
      held.clear();
      opening = database.session();
    }
    return opening!;
  };

  const tryHold = async (name: string): Promise<Leadership | null> => {
    const own = await session();
    // A session may take its own lock twice: within this process, too, one leads.
    if (held.has(name)) return null;
    held.add(name);
    try {
      const [row] = await own.query<{ won: boolean }>('SELECT pg_try_advisory_lock($1) AS won', [lockKey('leader', name)]);
      if (!row?.won) {
        held.delete(name);
        return null;
      }
    } catch (error) {
      held.delete(name);
      await own.end();
      throw error;
    }
    return {
      lost: own.lost,
      release: async () => {
        if (own.lost.aborted) return;
        await own.query('SELECT pg_advisory_unlock($1)', [lockKey('leader', name)]).catch(() => own.end());
        held.delete(name);
      },
    };
  };

  return {
    hold: async (name, signal) => {
      while (!signal.aborted) {
        try {
          const lead = await tryHold(name);
          if (lead !== null) return lead;
        } catch (error) {
          if (!isTransient(error)) throw error;
        }
        await wait(tryMs, undefined, { signal }).catch(() => undefined);
      }
      return null;
    },
    close: async () => {
      await (await opening?.catch(() => null))?.end();
      await database.close();
    },
  };
};
