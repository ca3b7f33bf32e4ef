import type { Config } from './config.ts';
import { CarillonError } from './core/errors.ts';
import type { Roles } from './engine.ts';

/** What one process does: its roles, whether it serves HTTP, and whether others may run beside it. */
export type Deployment = Roles & { readonly api: boolean; readonly shared: boolean };

const roleNames = ['ticker', 'handlers', 'projections', 'api'] as const;

const bad = (message: string): never => {
  throw new CarillonError('config-invalid', message);
};

const listOf = (text: string): string[] => text.split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()]));

const rolesOf = (config: Config): readonly string[] => {
  const names = listOf(config.role);
  if (names.length === 0 || names.includes('all')) return roleNames;
  for (const name of names)
    if (!(roleNames as readonly string[]).includes(name)) bad(`role "${name}" is none of all, ${roleNames.join(', ')} (CARILLON_ROLE)`);
  return names;
};

const contextsOf = (config: Config): readonly string[] => {
  const known = ['engine', ...config.contexts.map(({ name }) => name)];
  const names = listOf(config.context);
  for (const name of names) if (!known.includes(name)) bad(`context "${name}" is none of ${known.join(', ')} (CARILLON_CONTEXT)`);
  return names.length === 0 ? known : names;
};

const urls = { postgres: 'postgresUrl', rabbitmq: 'rabbitmqUrl', kurrentdb: 'kurrentdbUrl' } as const;
const envs = {
  postgresUrl: 'CARILLON_POSTGRES_URL',
  rabbitmqUrl: 'CARILLON_RABBITMQ_URL',
  kurrentdbUrl: 'CARILLON_KURRENTDB_URL',
} as const;

const loopback: readonly string[] = ['127.0.0.1', '::1', '[::1]', 'localhost'];

/** A server that others reach must not have the password that everybody knows. RabbitMQ's and KurrentDB's adapters look for theirs. */
const refuseKnownPassword = (url: string): void => {
  if (!URL.canParse(url)) return;
  const { hostname, username, password } = new URL(url);
  if (!loopback.includes(hostname) && username === 'postgres' && ['', 'postgres', 'password'].includes(password))
    bad(
      `postgresUrl names ${hostname} with the default credentials of user postgres: give it a password of its own (CARILLON_POSTGRES_URL)`,
    );
};

const refuseOutside = (config: Config): void => {
  if (!loopback.includes(config.host) && !config.behindTls)
    bad(`host ${config.host} is reachable from outside: set behindTls (CARILLON_BEHIND_TLS=true) when a proxy encrypts the way to it`);
};

const needUrl = (config: Config, server: keyof typeof urls, why: string): void => {
  const setting = urls[server];
  if (config[setting] === '')
    bad(`${why} needs ${setting} (${envs[setting]}, or ${envs[setting]}_FILE with the path of a file that holds it)`);
};

/**
 * Reads what this process is to do, and refuses what cannot work: SQLite belongs to one process; several processes share a
 * store, read models and vault on servers, and a broker. Throws `config-invalid`, naming the setting.
 */
export const deploymentOf = (config: Config): Deployment => {
  const roles = rolesOf(config);
  const whole = roles.length === roleNames.length && listOf(config.context).length === 0;
  if ((config.store === 'sqlite') !== (config.readModels === 'sqlite'))
    bad(`store "${config.store}" with readModels "${config.readModels}": SQLite holds both or neither`);
  if (config.store === 'sqlite' && !whole)
    bad(`role "${config.role}" needs a store that processes share: store kurrentdb or postgres (CARILLON_STORE)`);
  if (config.broker === 'memory' && !whole) bad(`role "${config.role}" needs broker rabbitmq (CARILLON_BROKER)`);
  if (config.store === 'sqlite' && config.broker === 'rabbitmq')
    bad('broker rabbitmq is for processes that share a store; SQLite belongs to one');
  if (config.store === 'kurrentdb') needUrl(config, 'kurrentdb', 'store kurrentdb');
  if (config.store === 'postgres') needUrl(config, 'postgres', 'store postgres');
  if (config.readModels === 'postgres') needUrl(config, 'postgres', 'readModels postgres');
  if (config.broker === 'rabbitmq') needUrl(config, 'rabbitmq', 'broker rabbitmq');
  refuseKnownPassword(config.postgresUrl);
  refuseOutside(config);
  return {
    ticker: roles.includes('ticker'),
    handles: roles.includes('handlers') ? contextsOf(config) : [],
    projections: roles.includes('projections'),
    api: roles.includes('api'),
    shared: config.broker === 'rabbitmq',
  };
};
