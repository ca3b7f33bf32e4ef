import { type Folder, openFolder, randomToken } from './adapters/files/folder.ts';
import { createMemoryBroker } from './adapters/memory/broker.ts';
import { backupFolder } from './adapters/sqlite/backup.ts';
import { openSqliteEventStore } from './adapters/sqlite/event-store.ts';
import { lockFolder } from './adapters/sqlite/lock.ts';
import { openSqliteReadModels } from './adapters/sqlite/read-models.ts';
import { openSqliteVault } from './adapters/sqlite/vault.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { createSystemIds } from './adapters/system/ids.ts';
import type { Service } from './api/service.ts';
import { type Config, readVersion } from './config.ts';
import { engineContext } from './contexts/engine/index.ts';
import { CarillonError, messageOf } from './core/errors.ts';
import type { IntakeLine } from './core/intake.ts';
import { buildRegistry, type Registry } from './core/registry.ts';
import { type Deployment, deploymentOf } from './deployment.ts';
import { startEngine } from './engine.ts';
import type { Broker } from './ports/broker.ts';
import type { Clock, Ids } from './ports/clock.ts';
import { alone, type Cluster } from './ports/cluster.ts';
import type { EventStore } from './ports/event-store.ts';
import type { Observers } from './ports/observers.ts';
import type { ReadModels } from './ports/read-models.ts';
import type { Vault } from './ports/vault.ts';
import { countParked } from './projections/parked.ts';
import { type Inject, serve } from './serve.ts';
import { createTelemetry } from './telemetry/telemetry.ts';

export type AppOptions = {
  /** False: no port is opened; `inject` still answers. */
  readonly listen?: boolean;
  /** False: no slot is opened and no effect is called; for looking into a folder. */
  readonly ticker?: boolean;
  /** Facts to import before the schedules become active; their first instant is where the schedules begin. */
  readonly facts?: { readonly name: string; readonly lines: readonly IntakeLine[] };
};

/** A running Carillon. */
export type App = {
  readonly service: Service;
  readonly vault: Vault;
  readonly folder: string;
  /** `http://127.0.0.1:7070`; null when it does not listen. */
  readonly url: string | null;
  readonly tokenFile: string;
  /** The import of `facts`, when there is one. */
  readonly imported: string | null;
  /** Calls a route without a port, as the folder's admin. Throws `not-found` in a process without the role api. */
  readonly inject: Inject;
  /** Takes no new work, finishes what is in hand, and frees the folder. */
  close(): Promise<void>;
};

const registryOf = (config: Config): Registry => {
  const contexts = config.contexts.map((definition) => {
    const built = definition.build(config.settings[definition.name] ?? {});
    const apply = <T extends { readonly name: string }>(item: T): T => ({ ...item, ...config.jobs[item.name] });
    return { ...built, jobs: (built.jobs ?? []).map(apply), tasks: (built.tasks ?? []).map(apply) };
  });
  const effects = new Map(contexts.flatMap((context) => context.effects ?? []).map((effect) => [effect.name, effect]));
  return buildRegistry([engineContext(effects), ...contexts]);
};

const refuseOutside = (config: Config): void => {
  const loopback = ['127.0.0.1', '::1', 'localhost'].includes(config.host);
  if (!loopback && !config.behindTls)
    throw new CarillonError(
      'config-invalid',
      `host ${config.host} is reachable from outside: set behindTls (CARILLON_BEHIND_TLS=true) when a proxy encrypts the way to it`,
    );
};

type Base = {
  readonly config: Config;
  readonly folder: Folder;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observers: Observers;
  readonly deployment: Deployment;
  /** Closed in the order opposite to opening. */
  closing(close: () => unknown): void;
};

/** What the engine stands on; everything else is the same for all of them. */
type Parts = Pick<Service, 'compact' | 'backup'> & {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly vault: Vault;
  readonly broker: Broker;
  readonly cluster: Cluster;
  readonly partitions: number;
};

/** One process, one folder, no server. */
const openEmbedded = ({ folder, clock, closing }: Base): Parts => {
  const store = openSqliteEventStore({ file: folder.file('events.db'), clock });
  closing(() => store.close());
  const readModels = openSqliteReadModels({ file: folder.file('models.db') });
  closing(() => readModels.close());
  const vault = openSqliteVault({ file: folder.file('vault.db') });
  closing(() => vault.close());
  const broker = createMemoryBroker({ clock });
  closing(() => broker.close());
  return {
    store,
    readModels,
    vault,
    broker,
    cluster: alone(folder.partitions),
    partitions: folder.partitions,
    compact: async () => {
      const bytesBefore = folder.bytes();
      await store.compact();
      await vault.compact();
      await readModels.purge();
      return { bytesBefore, bytesAfter: folder.bytes() };
    },
    backup: async (target) => ({ files: await backupFolder(folder.path, target), position: await store.head() }),
  };
};

const notHere = (what: string) => async (): Promise<never> => {
  throw new CarillonError('bad-request', `${what} is the servers' own affair here: use the tools of PostgreSQL, KurrentDB and RabbitMQ`);
};

/** Servers that processes share. The adapters are loaded here, so that the embedded default needs none of their packages. */
const openShared = async ({ config, clock, ids, observers, deployment, closing }: Base): Promise<Parts> => {
  const { postgresUrl: url } = config;
  const postgres = await import('./adapters/postgres/index.ts');
  const partitions = await postgres.fixedNumber({ url, name: 'partitions', wanted: config.partitions });
  const store =
    config.store === 'postgres'
      ? await postgres.openPostgresEventStore({ url, clock })
      : await (await import('./adapters/kurrent/event-store.ts')).openKurrentEventStore({ url: config.kurrentdbUrl, clock, observers });
  closing(() => store.close());
  const readModels = await postgres.openPostgresReadModels({ url });
  closing(() => readModels.close());
  const vault = await postgres.openPostgresVault({ url });
  closing(() => vault.close());
  const lead: Cluster['lead'] = (name, signal) => postgres.holdLeadership({ url, name, signal });
  const common = { store, readModels, vault, partitions, compact: notHere('Compaction'), backup: notHere('A backup') };
  if (!deployment.shared) {
    // Messages stay in this process: a second one on the same database would wait here for ever, and is told.
    const only = await lead('the only process', AbortSignal.timeout(2_000));
    if (only === null) throw new CarillonError('store-locked', 'Another Carillon with broker "memory" runs on this database');
    closing(() => only.release());
    const broker = createMemoryBroker({ clock });
    closing(() => broker.close());
    return { ...common, broker, cluster: alone(partitions) };
  }
  const { openRabbitBroker } = await import('./adapters/rabbitmq/broker.ts');
  const { joinMembers } = await import('./adapters/rabbitmq/membership.ts');
  const broker = await openRabbitBroker({ url: config.rabbitmqUrl, clock, observers, name: `carillon ${config.role}` });
  closing(() => broker.close());
  const instance = ids.next();
  const join: Cluster['join'] = (group, onChange) => joinMembers({ broker, clock, instance, group, partitions, onChange });
  return { ...common, broker, cluster: { shared: true, lead, join } };
};

/** Starts a Carillon: one process with everything in one folder, or one of several on shared servers. This is the only place that picks adapters. */
export const createApp = async (config: Config, options: AppOptions = {}): Promise<App> => {
  refuseOutside(config);
  const deployment = deploymentOf(config);
  const registry = registryOf(config);
  const embedded = config.store === 'sqlite';
  const lock = embedded ? lockFolder(config.folder) : null;
  // The clock's timers keep no process alive; a running app does, whether it listens or not.
  const alive = setInterval(() => undefined, 2 ** 30);
  const closers: (() => unknown)[] = [() => lock?.release(), () => clearInterval(alive)];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.reverse().splice(0)) await close();
  };
  const closing = (close: () => unknown): void => void closers.push(close);
  try {
    const { version, build } = readVersion();
    const folder = openFolder(config.folder, config.partitions);
    const clock = createSystemClock();
    const ids = createSystemIds();
    const telemetry = createTelemetry({ env: process.env, version, clock, role: config.role });
    const { observers } = telemetry;
    closing(() => telemetry.shutdown());
    const base: Base = { config, folder, clock, ids, observers, deployment, closing };
    const parts = embedded ? openEmbedded(base) : await openShared(base);
    const store = telemetry.store(parts.store);

    const engine = await startEngine({
      ...parts,
      registry,
      clock,
      ids,
      observers,
      store,
      broker: telemetry.broker(parts.broker),
      build,
      settings: config.settings,
      wrapProjection: telemetry.projection,
      keepRunsDays: config.keepRunsDays,
      roles: { ...deployment, ticker: deployment.ticker && (options.ticker ?? true) },
      ...(options.facts === undefined ? {} : { facts: options.facts }),
    });
    closing(() => engine.stop());
    telemetry.watch({
      projections: engine.projections.list,
      parked: () =>
        Promise.all([...registry.scheduled.keys()].map(async (job) => ({ job, items: await countParked(parts.readModels, job) }))),
    });

    const service: Service = {
      ...engine,
      ...parts,
      registry,
      store,
      clock,
      ids,
      secrets: { token: randomToken },
      observers,
      version,
      config: { values: config.values, sources: config.sources },
      metrics: telemetry.metrics,
    };
    const server = deployment.api ? await serve(service, config, folder, options.listen ?? true) : null;
    if (server !== null) closing(() => server.close());
    return {
      service,
      vault: parts.vault,
      folder: folder.path,
      url: server?.url ?? null,
      tokenFile: folder.file('admin.token'),
      imported: engine.imported,
      inject: server?.inject ?? notHere('HTTP'),
      close: closeAll,
    };
  } catch (error) {
    await closeAll().catch((later: unknown) => console.error(messageOf(later)));
    throw error;
  }
};
