import { type Folder, openFolder, randomToken } from './adapters/files/folder.ts';
import { createPost } from './adapters/http/post.ts';
import { createMemoryBroker } from './adapters/memory/broker.ts';
import { backupFolder } from './adapters/sqlite/backup.ts';
import { openSqliteEventStore } from './adapters/sqlite/event-store.ts';
import { lockFolder } from './adapters/sqlite/lock.ts';
import { openSqliteReadModels } from './adapters/sqlite/read-models.ts';
import { openSqliteVault, type SqliteVault } from './adapters/sqlite/vault.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { createSystemIds } from './adapters/system/ids.ts';
import type { Service } from './api/service.ts';
import type { App, AppOptions } from './app-types.ts';
import { createClosers } from './closers.ts';
import { type Config, readVersion } from './config.ts';
import { CarillonError, messageOf } from './core/errors.ts';
import { type Deployment, deploymentOf } from './deployment.ts';
import { startEngine } from './engine.ts';
import type { Move } from './migrate/move.ts';
import { createMoveClock } from './migrate/move-clock.ts';
import type { Broker } from './ports/broker.ts';
import type { Clock, Ids } from './ports/clock.ts';
import { alone, type Cluster } from './ports/cluster.ts';
import type { EventStore } from './ports/event-store.ts';
import type { Observers } from './ports/observers.ts';
import type { ReadModels } from './ports/read-models.ts';
import type { Vault } from './ports/vault.ts';
import { countParked } from './projections/parked.ts';
import { createPublishing } from './publish/publishing.ts';
import { reactorNames, registryOf } from './registry-of.ts';
import { serve } from './serve.ts';
import { createTelemetry } from './telemetry/telemetry.ts';

export type { App, AppOptions } from './app-types.ts';

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

const quiet: Observers = { note: () => undefined };

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
const openEmbedded = ({ folder, clock, closing }: Base): Parts & { readonly vault: SqliteVault } => {
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
  const leads = postgres.openLeadership({ url });
  closing(() => leads.close());
  const lead: Cluster['lead'] = leads.hold;
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

/** Both sides of a move: the folder of `config`, locked until `close`, and the servers that it names. Throws `store-locked`. */
export const openMove = async (config: Config): Promise<Move> => {
  const deployment = deploymentOf(config);
  const { closing, closeAll } = createClosers();
  try {
    const lock = lockFolder(config.folder);
    closing(() => lock.release());
    const folder = openFolder(config.folder, config.partitions);
    const { partitions } = folder;
    const system = createSystemClock();
    const base = {
      config: { ...config, partitions },
      folder,
      clock: system,
      ids: createSystemIds(),
      observers: quiet,
      deployment,
      closing,
    };
    const { store, vault } = openEmbedded(base);
    const clock = createMoveClock(system);
    const to = await openShared({ ...base, clock });
    if (to.partitions !== partitions)
      throw new CarillonError(
        'config-invalid',
        `The target has ${to.partitions} partitions, the folder ${partitions}: name an empty database`,
      );
    const keepsTime = config.store === 'postgres';
    const reactors = reactorNames(config);
    return { from: { store, vaultEntries: vault.entries }, to: { ...to, reactors, stand: clock.stand, keepsTime }, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
};

/** Starts a Carillon: one process with everything in one folder, or one of several on shared servers. This is the only place that picks adapters. */
export const createApp = async (config: Config, options: AppOptions = {}): Promise<App> => {
  const deployment = deploymentOf(config);
  const publishing = createPublishing(createPost({ loopback: config.webhooksLoopback }));
  const registry = registryOf(config, publishing.effect);
  const embedded = config.store === 'sqlite';
  const lock = embedded ? lockFolder(config.folder) : null;
  // The clock's timers keep no process alive; a running app does, whether it listens or not.
  const alive = setInterval(() => undefined, 2 ** 30);
  const { closing, closeAll } = createClosers();
  closing(() => lock?.release());
  closing(() => clearInterval(alive));
  try {
    const { version, build } = readVersion();
    const folder = openFolder(config.folder, config.partitions);
    const clock = createSystemClock();
    const ids = createSystemIds();
    const telemetry = createTelemetry({
      env: process.env,
      version,
      clock,
      role: config.role,
      messaging: config.broker === 'rabbitmq' ? 'rabbitmq' : 'carillon',
    });
    const { observers } = telemetry;
    closing(() => telemetry.shutdown());
    const base: Base = { config, folder, clock, ids, observers, deployment, closing };
    const parts = embedded ? openEmbedded(base) : await openShared(base);
    const store = telemetry.store(parts.store);

    const works = options.ticker ?? true;
    const common = { ...parts, registry, clock, observers, store, broker: telemetry.broker(parts.broker) };
    const engine = await startEngine({
      ...common,
      ids,
      build,
      settings: config.settings,
      wrapProjection: telemetry.projection,
      keepRunsDays: config.keepRunsDays,
      roles: { ...deployment, ticker: deployment.ticker && works },
      ...(options.facts === undefined ? {} : { facts: options.facts }),
    });
    closing(() => engine.stop());
    const { commands } = engine;
    const events = { broker: deployment.shared ? common.broker : null, follows: deployment.projections && works };
    const publisher = publishing.start({ ...common, ...events, commands });
    closing(() => publisher.stop());
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
