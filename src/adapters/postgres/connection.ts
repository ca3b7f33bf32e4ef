import { type ClientConfig, types } from 'pg';
import { CarillonError } from '../../core/errors.ts';
import { urlSetting } from './errors.ts';

const connectMs = 10_000;
/** A server that answers nothing any more looks like this; the outcome is unknown then. */
const answerMs = 25_000;

/** No statement of ours lasts longer: event-removal.ts leans on it. */
export const oldestStatementMs = 20_000;

const sessionSettings: Readonly<Record<string, string>> = {
  statement_timeout: `${oldestStatementMs}ms`,
  // A process that stops in the middle of a transaction must not hold up the readers of the log.
  idle_in_transaction_session_timeout: '10s',
  tcp_keepalives_idle: '10s',
  tcp_keepalives_interval: '5s',
  tcp_keepalives_count: '3',
  // Compiling costs more than it saves: our statements are short.
  jit: 'off',
};

const int8 = 20;
/** Positions, revisions and counts are below 2^53. */
const numbers = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === int8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
};

/** `host:port/database`: what of an address may be told. Throws `config-invalid` for an address that is none. */
export const nameOf = (url: string): string => {
  try {
    const { protocol, hostname, port, pathname, searchParams, username, password } = new URL(url);
    decodeURIComponent(username + password);
    if (/^postgres(ql)?:$/.test(protocol)) return `${searchParams.get('host') ?? (hostname || 'localhost')}:${port || '5432'}${pathname}`;
  } catch {
    // Told below.
  }
  throw new CarillonError('config-invalid', `${urlSetting} is not an address such as postgres://user:password@host:5432/database`);
};

/** How to connect; `setUpSql` goes first. */
export const clientConfig = (url: string): ClientConfig => ({
  connectionString: url,
  application_name: 'carillon',
  connectionTimeoutMillis: connectMs,
  query_timeout: answerMs,
  keepAlive: true,
  types: numbers,
});

/** The settings of each connection, ours and those given. */
export const setUpSql = (settings: Readonly<Record<string, string>>): string =>
  `SELECT ${Object.entries({ ...sessionSettings, ...settings })
    .map(([name, value]) => `set_config('${name}', '${value}', false)`)
    .join(', ')}`;
