import { CarillonError } from '../../core/errors.ts';

/** The environment's name of the address; messages name it. */
export const urlSetting = 'CARILLON_KURRENTDB_URL';

export type Login = { readonly user: string; readonly password: string };

/** Where KurrentDB is. `url` may hold the password and never goes into a message; `shown` does. */
export type Address = {
  readonly url: string;
  readonly shown: string;
  readonly hosts: readonly string[];
  readonly secure: boolean;
  readonly login: Login | undefined;
  /** What follows the "?", by lower-case name without dashes. */
  readonly options: ReadonlyMap<string, string>;
};

const example = 'kurrentdb://user:password@host:2113?tls=true';
const shape = /^(?<scheme>[a-z]+)(?<discover>\+discover)?:\/\/(?:(?<login>[^@/?]+)@)?(?<hosts>[^/?@]+)\/*(?:\?(?<options>.*))?$/;
const schemes = ['esdb', 'kurrentdb', 'kurrent', 'kdb'];
const loopback = /^(localhost|127(\.\d+){3})(:\d+)?$/;

/** The password that servers are shipped with. */
const shippedPassword = 'changeit';

const invalid = (says: string): CarillonError => new CarillonError('config-invalid', `${urlSetting} ${says}`);

const hostsOf = (text: string): readonly string[] => {
  const hosts = text.split(',').filter((host) => host !== '');
  for (const host of hosts) {
    const port = /^[^:]+(?::(\d{1,5}))?$/.exec(host);
    if (!port || Number(port[1] ?? 2113) > 65_535) throw invalid(`names "${host}", which is not a host or host:port`);
  }
  return hosts;
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('has a "%" that is not percent-encoding');
  }
};

const loginOf = (text: string | undefined): Login | undefined => {
  if (text === undefined) return undefined;
  const parts = text.split(':');
  if (parts.length !== 2 || parts.includes(''))
    throw invalid('has a user without a password, or a ":" in one of them; write them percent-encoded as user:password@');
  const [user = '', password = ''] = parts.map(decoded);
  return { user, password };
};

const nameOf = (option: string): string => option.toLowerCase().replaceAll(/[_-]/g, '');

/**
 * Reads a connection string of KurrentDB or EventStoreDB (`esdb://`). A cluster is asked through its leader unless the
 * string says otherwise, so that a reader sees what was just written. Throws `config-invalid`.
 */
export const addressOf = (text: string): Address => {
  const found = shape.exec(text.trim())?.groups;
  if (!found || !schemes.includes(found.scheme ?? '')) throw invalid(`is not a connection string of KurrentDB; write it as ${example}`);
  const hosts = hostsOf(found.hosts ?? '');
  const login = loginOf(found.login);
  if (login?.password === shippedPassword && !hosts.every((host) => loopback.test(host)))
    throw invalid('holds the password that the server is shipped with; change it there and here');
  const pairs = (found.options ?? '').split('&').filter((pair) => pair !== '');
  const options = new Map(pairs.map((pair) => [nameOf(pair.split('=')[0] ?? ''), decoded(pair.slice(pair.indexOf('=') + 1))]));
  const isCluster = found.discover !== undefined || hosts.length > 1;
  if (isCluster && !options.has('nodepreference')) pairs.push('nodePreference=leader');
  const scheme = `kurrentdb${found.discover ?? ''}://`;
  return {
    url: `${scheme}${found.login === undefined ? '' : `${found.login}@`}${hosts.join(',')}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`,
    shown: `${scheme}${hosts.join(',')}`,
    hosts,
    secure: options.get('tls') !== 'false',
    login,
    options,
  };
};
