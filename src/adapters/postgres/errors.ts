import { CarillonError, type ErrorCode } from '../../core/errors.ts';

/** The setting that says which PostgreSQL to use; messages name it. */
export const urlSetting = 'CARILLON_POSTGRES_URL';

type Known = { readonly code: ErrorCode; readonly says: string };
const unavailable = (says: string): Known => ({ code: 'store-unavailable', says });
const misconfigured = (says: string): Known => ({ code: 'config-invalid', says: `${says}; correct ${urlSetting}` });

/** By SQLSTATE, else by its class (the first two characters), else by the code of Node's network error. */
const codes: ReadonlyMap<string, Known> = new Map([
  ['08', unavailable('lost the connection')],
  ['22021', { code: 'bad-request', says: 'cannot hold text with a zero byte' }],
  ['25006', unavailable('is read-only')],
  ['28', misconfigured('refuses the user or password')],
  ['3D000', misconfigured('has no such database')],
  ['40', unavailable('gave up a transaction that met others')],
  ['42501', misconfigured('does not let this user do that')],
  ['53', unavailable('is out of a resource')],
  ['53100', { code: 'store-full', says: 'has no room left' }],
  ['55P03', unavailable('waited too long for a lock')],
  ['57', unavailable('stopped the statement')],
  ['58', unavailable('has a system error')],
  ['XX001', { code: 'store-corrupt', says: 'is damaged' }],
  ['XX002', { code: 'store-corrupt', says: 'is damaged' }],
  ['ECONNREFUSED', unavailable(`does not listen there; is it started, and is ${urlSetting} right?`)],
  ['ENOENT', unavailable(`has no such socket; is it started, and is ${urlSetting} right?`)],
  ['ENOTFOUND', misconfigured('is at a host that has no address')],
  ['EAI_AGAIN', unavailable(`is at a host that cannot be looked up now; is ${urlSetting} right?`)],
]);

const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]/.test(code);

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** The SQLSTATE of what the server refused; null for any other error. */
export const sqlState = (error: unknown): string | null => {
  const cause = error instanceof CarillonError ? error.cause : error;
  if (!(cause instanceof Error) || !('severity' in cause)) return null;
  return isSqlState(codeOf(cause)) ? codeOf(cause) : null;
};

const connectionTrouble =
  /^(connection terminated|client (was closed|has encountered|has already been)|timeout|query read timeout|cannot use a pool)/i;

const lookUp = (error: Error): Known | undefined => {
  const code = codeOf(error);
  if (sqlState(error) !== null) return codes.get(code) ?? codes.get(code.slice(0, 2));
  const known = codes.get(code);
  if (known) return known;
  if (/CERT|TLS|SSL/.test(code) || /ssl|certificate/i.test(error.message)) return misconfigured('does not agree on TLS');
  if (error.message.startsWith('SASL')) return misconfigured('asks for another password');
  if ('syscall' in error || connectionTrouble.test(error.message)) return unavailable('lost the connection');
  return undefined;
};

/** Says in our codes what went wrong with the server called `name`. What is not known is given back as it is. */
export const storeError = (error: unknown, name: string): unknown => {
  if (error instanceof CarillonError || !(error instanceof Error)) return error;
  // Both addresses of a host refused: Node tells all of them.
  const told = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const known = lookUp(told);
  if (!known) return error;
  return new CarillonError(known.code, `PostgreSQL ${name} ${known.says}: ${told.message}`, { reason: codeOf(told) }, told);
};
