import type { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { CarillonError, messageOf } from '../../core/errors.ts';
import { type Address, addressOf, urlSetting } from './address.ts';
import { storeClosed, storeError } from './errors.ts';
import { createShortReads, type ShortReads } from './short-reads.ts';
import { withoutCompression } from './uncompressed.ts';

/** The package's module; it is optional, and loaded only here. */
export type Kurrent = typeof import('@kurrent/kurrentdb-client');

/** A client of one server or cluster, and what of its module is used. */
export type Connection = {
  readonly kurrent: Kurrent;
  readonly client: KurrentDBClient;
  readonly address: Address;
  readonly reads: ShortReads;
  /** The client's error for a status of gRPC. */
  convertError(error: unknown): unknown;
  /** Makes a first call. Throws what is in the way of it. */
  greet(): Promise<void>;
  /**
   * Goes with each append to one stream. An append with credentials of its own travels alone; those without share a call,
   * and when that breaks under many of them the client leaves a rejection that nobody handles, which ends the process.
   */
  readonly appendCredentials: { readonly credentials?: { readonly username: string; readonly password: string } };
  /** Aborted by `close`. */
  readonly closing: AbortSignal;
  /** Throws `store-closed`. */
  assertOpen(): void;
  /** What the store throws for an error of the client. */
  errorOf(error: unknown): CarillonError;
  close(): Promise<void>;
};

/** The client keeps its channel to itself, and its `dispose` leaves it open. */
type Inside = { getChannel: () => Promise<{ close(): void }>; readonly capabilities: Promise<unknown> };

const load = async (): Promise<Kurrent> => {
  try {
    return await import('@kurrent/kurrentdb-client');
  } catch (error) {
    throw new CarillonError(
      'config-invalid',
      `${urlSetting} names a KurrentDB, but its client cannot be loaded: run "npm install @kurrent/kurrentdb-client" (Linux, macOS or Windows on x64, Linux or macOS on arm64). ${messageOf(error)}`,
      {},
      error,
    );
  }
};

const connect = (kurrent: Kurrent, { url, shown }: Address): KurrentDBClient => {
  try {
    return kurrent.KurrentDBClient.connectionString(url);
  } catch (error) {
    // The client's words may quote the whole string, password included.
    const words = messageOf(error).replaceAll(url, shown);
    throw new CarillonError('config-invalid', `${urlSetting} cannot be used: ${words.replaceAll(/\/\/[^@/]*@/g, '//')}`);
  }
};

/** Without TLS the client sends none, whatever they are; with a user's certificate alone there are none to send. */
const credentialsOf = ({ login, secure }: Address): Connection['appendCredentials'] => {
  if (login) return { credentials: { username: login.user, password: login.password } };
  return secure ? {} : { credentials: { username: 'none', password: 'none' } };
};

/** Makes the client; it connects at its first call. Throws `config-invalid`. */
export const createConnection = async (text: string): Promise<Connection> => {
  const address = addressOf(text);
  const kurrent = await load();
  const client = connect(kurrent, address);
  const inside = client as unknown as Inside;
  const { getChannel } = inside;
  inside.getChannel = async () => withoutCompression(await getChannel());
  const closing = new AbortController();

  return {
    kurrent,
    client,
    address,
    reads: await createShortReads(client),
    convertError: (error) => (error instanceof Error ? kurrent.convertToCommandError(error) : error),
    async greet() {
      await inside.capabilities;
    },
    appendCredentials: credentialsOf(address),
    closing: closing.signal,
    assertOpen() {
      if (closing.signal.aborted) throw storeClosed();
    },
    errorOf: (error) => (closing.signal.aborted ? storeClosed() : storeError(error, address.shown)),
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      await client.dispose();
      // Not waited for: a client of a cluster may have to find a node before it has one.
      void inside.getChannel().then(
        (channel) => channel.close(),
        () => undefined,
      );
    },
  };
};
