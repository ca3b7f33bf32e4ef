import { Pool, type PoolClient } from 'pg';
import { CarillonError } from '../../core/errors.ts';
import { clientConfig, nameOf, setUpSql } from './connection.ts';
import { storeError } from './errors.ts';
import { createNames, createQueries, type Guarded, type Queries } from './queries.ts';
import { openSession, type Session } from './session.ts';

/** One PostgreSQL database behind a pool. All of it throws in our codes: see errors.ts; `store-closed` after `close`. */
export type Database = Queries & {
  /** `host:port/database`, without user and password. */
  readonly name: string;
  readonly isOpen: boolean;
  assertOpen(): void;
  /** All of `work` or nothing. */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /** Runs what cannot stand in a transaction and may take long (VACUUM). */
  maintain(sql: string): Promise<void>;
  /** Not one of the pool's. */
  session(): Promise<Session>;
  /** Waits for what is in hand. */
  close(): Promise<void>;
};

export type DatabaseOptions = {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Most connections at once. */
  readonly connections: number;
  /** Settings of each session, by name. */
  readonly settings?: Readonly<Record<string, string>>;
};

/** Rewriting a large table takes its time. */
const maintenanceMs = 24 * 3_600_000;

const ignore = (): void => undefined;

/**
 * Does `work` on a connection of the pool, which is thrown away when `work` says that it is not as it was. A connection that
 * ends in use would end the process, were its error heard by nobody; its statements fail anyway.
 */
const onConnection = async <T>(pool: Pool, work: (client: PoolClient, spoilt: () => void) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  client.on('error', ignore);
  let broken = false;
  try {
    return await work(client, () => {
      broken = true;
    });
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
};

const inTransaction = async <T>(client: PoolClient, spoilt: () => void, work: () => Promise<T>): Promise<T> => {
  try {
    await client.query('BEGIN');
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(spoilt);
    throw error;
  }
};

/** Makes the pool; connects to nothing yet. Throws `config-invalid` for an address that is none. */
export const createDatabase = ({ url, connections, settings = {} }: DatabaseOptions): Database => {
  const name = nameOf(url);
  const config = clientConfig(url);
  const setUp = setUpSql(settings);
  const nameFor = createNames();
  const pool = new Pool({ ...config, max: connections, onConnect: async (client) => void (await client.query(setUp)) });
  // A connection that ends while nobody uses it: the pool makes another one.
  pool.on('error', ignore);
  let open = true;
  /** The pool forgets those who wait for a connection when it ends. */
  const inHand = new Set<Promise<unknown>>();

  const assertOpen = (): void => {
    if (!open) throw new CarillonError('store-closed', `PostgreSQL ${name} is closed`);
  };
  const guarded: Guarded = async (work) => {
    assertOpen();
    const doing = work();
    inHand.add(doing);
    try {
      return await doing;
    } catch (error) {
      throw storeError(error, name);
    } finally {
      inHand.delete(doing);
    }
  };

  return {
    ...createQueries(pool, nameFor, guarded),
    name,
    assertOpen,
    get isOpen() {
      return open;
    },
    transaction: (work) =>
      guarded(() =>
        onConnection(pool, (client, spoilt) => inTransaction(client, spoilt, () => work(createQueries(client, nameFor, guarded)))),
      ),
    maintain: (sql) =>
      guarded(() =>
        onConnection(pool, async (client, spoilt) => {
          spoilt();
          await client.query('SET statement_timeout = 0');
          await client.query({ text: sql, query_timeout: maintenanceMs } as { text: string });
        }),
      ),
    session: () => guarded(() => openSession(config, setUp, guarded)),
    async close() {
      if (!open) return;
      open = false;
      await Promise.allSettled(inHand);
      await pool.end();
    },
  };
};
