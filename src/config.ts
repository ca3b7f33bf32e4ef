import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bad, maskOf, pick, type Sources, type Value } from './config-values.ts';
import { contextDefinitions } from './contexts/index.ts';
import type { ContextDefinition } from './core/context.ts';
import type { JsonObject } from './core/json.ts';
import { defaultPartitions } from './core/partition.ts';

/** What `carillon.config.ts` may hold. Everything has a default and an environment twin. */
export type ConfigFile = {
  /** Where an embedded Carillon keeps its files. */
  readonly folder?: string;
  readonly host?: string;
  readonly port?: number;
  /** True when a proxy encrypts the way to `host`: only then may it be another than loopback. */
  readonly behindTls?: boolean;
  /** Where events live: in files of this process, or on a server that processes share. */
  readonly store?: 'sqlite' | 'kurrentdb' | 'postgres';
  readonly broker?: 'memory' | 'rabbitmq';
  /** Where read models and vault live. */
  readonly readModels?: 'sqlite' | 'postgres';
  /** `postgres://user:password@host:5432/database`. */
  readonly postgresUrl?: string;
  /** `amqp://user:password@host:5672/vhost`. */
  readonly rabbitmqUrl?: string;
  /** `kurrentdb://user:password@host:2113?tls=true`, or `esdb://`. */
  readonly kurrentdbUrl?: string;
  /** `all`, or some of ticker, handlers, projections, api with commas between. */
  readonly role?: string;
  /** The contexts that the role handlers handles, with commas between; all when empty. */
  readonly context?: string;
  /** The first admin token, `crl_<16 hex digits>_<43 characters>`; made at the first start when empty. */
  readonly adminToken?: string;
  /** Partitions of each context; only read when the folder is made. */
  readonly partitions?: number;
  /** Runs and verdicts older than this may be dropped from the ledgers. */
  readonly keepRunsDays?: number;
  /** Seconds that a graceful stop may take. */
  readonly drainSeconds?: number;
  /** GET /metrics without a token. */
  readonly metricsPublic?: boolean;
  /** Webhooks may call this machine, also without TLS; for development. */
  readonly webhooksLoopback?: boolean;
  /** Your own contexts; the three sample systems when absent. */
  readonly contexts?: readonly ContextDefinition[];
  /** Settings of contexts: `{ giving: { holdHours: 48 } }`. */
  readonly settings?: { readonly [context: string]: { readonly [setting: string]: Value } };
  /** Per job: its enable flag and zone. */
  readonly jobs?: { readonly [job: string]: { readonly enabled?: boolean; readonly zone?: string } };
};

type Plain = Required<Omit<ConfigFile, 'contexts' | 'settings' | 'jobs'>>;

/** The effective configuration, every value with where it came from. */
export type Config = Plain & {
  readonly contexts: readonly ContextDefinition[];
  readonly settings: { readonly [context: string]: JsonObject };
  readonly jobs: NonNullable<ConfigFile['jobs']>;
  readonly values: JsonObject;
  readonly sources: { readonly [setting: string]: string };
};

/** Types a `carillon.config.ts`. */
export const defineConfig = (config: ConfigFile): ConfigFile => config;

const defaults = {
  folder: '.carillon',
  host: '127.0.0.1',
  port: 7070,
  behindTls: false,
  store: 'sqlite',
  broker: 'memory',
  readModels: 'sqlite',
  postgresUrl: '',
  rabbitmqUrl: '',
  kurrentdbUrl: '',
  role: 'all',
  context: '',
  adminToken: '',
  partitions: defaultPartitions,
  keepRunsDays: 90,
  drainSeconds: 25,
  metricsPublic: false,
  webhooksLoopback: false,
} as const;
const refuseUnknown = (where: string, given: object, known: readonly string[]): void => {
  for (const key of Object.keys(given))
    if (!known.includes(key)) bad(`${where}${key} is not a setting; there are ${known.map((each) => where + each).join(', ')}`);
};

const readFile = async (file: string | undefined): Promise<ConfigFile> => {
  const path = resolve(file ?? 'carillon.config.ts');
  if (!existsSync(path)) return file === undefined ? {} : bad(`There is no configuration file at ${path}`);
  const loaded = (await import(pathToFileURL(path).href)) as { default?: ConfigFile };
  return loaded.default ?? bad(`${path} must export default defineConfig({ ... })`);
};

/** Settings that the command line gives. */
type Flags = { folder?: string; port?: number; host?: string; role?: string; context?: string };
const flagsOf = (overrides: Flags): Readonly<Record<string, Value | undefined>> => overrides;

/** Reads flags, environment, configuration file and defaults, in this order. Throws `config-invalid`, naming the setting. */
export const loadConfig = async ({
  configFile,
  env = process.env,
  ...overrides
}: Flags & {
  configFile?: string;
  env?: NodeJS.ProcessEnv;
} = {}): Promise<Config> => {
  const file = await readFile(configFile);
  refuseUnknown('', file, [...Object.keys(defaults), 'contexts', 'settings', 'jobs']);
  const flags = flagsOf(overrides);
  const sources: Sources = {};
  const values: Record<string, Value> = {};
  for (const [key, like] of Object.entries(defaults))
    values[key] = pick(key, like, file[key as keyof typeof defaults], flags[key], env, sources);
  const contexts = file.contexts ?? contextDefinitions;
  refuseUnknown(
    'settings.',
    file.settings ?? {},
    contexts.map((context) => context.name),
  );
  const settings: Record<string, Record<string, Value>> = {};
  for (const { name, defaults: known } of contexts) {
    const given = file.settings?.[name] ?? {};
    refuseUnknown(`settings.${name}.`, given, Object.keys(known));
    settings[name] = Object.fromEntries(
      Object.entries(known).map(([key, like]) => [
        key,
        pick(`settings.${name}.${key}`, like as Value, given[key], undefined, env, sources),
      ]),
    );
  }
  const jobs = jobSettings(contexts, settings, file, env, sources);
  const shown = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, maskOf(key, value)]));
  const all = { ...shown, settings, jobs } as unknown as JsonObject;
  return { ...(values as unknown as Plain), contexts, settings, jobs, values: all, sources };
};

const jobSettings = (
  contexts: readonly ContextDefinition[],
  settings: Record<string, Record<string, Value>>,
  file: ConfigFile,
  env: NodeJS.ProcessEnv,
  sources: Sources,
): Config['jobs'] => {
  const items = contexts.flatMap((context) => {
    const built = context.build(settings[context.name]!);
    return [...(built.jobs ?? []), ...(built.tasks ?? [])];
  });
  refuseUnknown(
    'jobs.',
    file.jobs ?? {},
    items.map((item) => item.name),
  );
  return Object.fromEntries(
    items.map((item) => {
      const given = file.jobs?.[item.name] ?? {};
      refuseUnknown(`jobs.${item.name}.`, given, ['enabled', 'zone']);
      const enabled = pick(`jobs.${item.name}.enabled`, item.enabled ?? true, given.enabled, undefined, env, sources) as boolean;
      const zone = pick(`jobs.${item.name}.zone`, item.zone, given.zone, undefined, env, sources) as string;
      return [item.name, { enabled, zone }];
    }),
  );
};

/** The version in package.json, and the number by which schedules know which build is newer. */
export const readVersion = (): { version: string; build: number } => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return { version, build: major * 1_000_000 + minor * 1_000 + patch };
};
