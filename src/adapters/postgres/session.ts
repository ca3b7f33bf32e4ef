import { Client, type ClientConfig } from 'pg';
import { createNames, createQueries, type Guarded, type Queries } from './queries.ts';

/** A connection of one's own, for what belongs to a session: advisory locks, notifications. */
export type Session = Queries & {
  /** Aborts when the connection is gone. */
  readonly lost: AbortSignal;
  /** Calls `heard` when another connection notifies `channel`. */
  listen(channel: string, heard: () => void): Promise<void>;
  /** Ends the connection, and with it its locks. */
  end(): Promise<void>;
};

export const openSession = async (config: ClientConfig, setUp: string, guarded: Guarded): Promise<Session> => {
  const client = new Client(config);
  const gone = new AbortController();
  client.on('error', () => gone.abort());
  client.once('end', () => gone.abort());
  await client.connect();
  const end = (): Promise<void> => client.end().catch(() => undefined);
  try {
    await client.query(setUp);
  } catch (error) {
    await end();
    throw error;
  }
  const queries = createQueries(client, createNames(), guarded);
  return {
    ...queries,
    lost: gone.signal,
    end,
    async listen(channel, heard) {
      const [self] = await queries.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      client.on('notification', (message) => message.processId !== self?.pid && heard());
      await queries.run(`LISTEN ${channel}`);
    },
  };
};
