import { type Folder, openFolder, randomToken } from './adapters/files/folder.ts';
import { createMemoryBroker } from './adapters/memory/broker.ts';
import { backupFolder } from './adapters/sqlite/backup.ts';
import { openSqliteEventStore } from './adapters/sqlite/event-store.ts';
import { lockFolder } from './adapters/sqlite/lock.ts';
import { openSqliteReadModels } from './adapters/sqlite/read-models.ts';
import { openSqliteVault } from './adapters/sqlite/vault.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { createSystemIds } from './adapters/system/ids.ts';
import { createServer } from './api/server.ts';
import type { Service } from './api/service.ts';
import { newToken } from './api/token-text.ts';
import { type Config, readVersion } from './config.ts';
import { engineContext } from './contexts/engine/index.ts';
import { CarillonError, messageOf } from './core/errors.ts';
import type { IntakeLine } from './core/intake.ts';
import type { Json } from './core/json.ts';
import { buildRegistry, type Registry } from './core/registry.ts';
import { startEngine } from './engine.ts';
import type { Clock, Ids } from './ports/clock.ts';
import type { EventStore } from './ports/event-store.ts';
import type { Observers } from './ports/observers.ts';
import type { ReadModels } from './ports/read-models.ts';
import type { Vault } from './ports/vault.ts';
import { countParked } from './projections/parked.ts';
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
  /** Calls a route without a port, as the folder's admin. */
  inject(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: Json,
    contentType?: string,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
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

type Parts = {
  readonly folder: Folder;
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observers: Observers;
};

/** The first admin token of a folder is made at its first start and kept beside the data, for its owner only. */
const ensureAdmin = async ({ folder, clock, ids }: Parts, service: Service): Promise<string> => {
  if (folder.adminToken !== null) return folder.adminToken;
  const token = newToken({ token: randomToken }, ids.next());
  const data = { name: 'admin', role: 'admin', sha256: token.sha256, expiresAt: null };
  const answer = await service.commands.send({
    id: ids.next(),
    to: `engine.token-${token.id}`,
    type: 'CreateToken',
    data,
    asOf: clock.now(),
    by: 'first start',
  });
  if (answer.kind !== 'accepted') throw new CarillonError('internal', `The first admin token was ${answer.kind}`);
  folder.keepAdminToken(token.text);
  return token.text;
};

const refuseOutside = (config: Config): void => {
  const loopback = ['127.0.0.1', '::1', 'localhost'].includes(config.host);
  if (!loopback && !config.behindTls) {
    throw new CarillonError(
      'config-invalid',
      `host ${config.host} is reachable from outside: set behindTls (CARILLON_BEHIND_TLS=true) when a proxy encrypts the way to it`,
    );
  }
};

/**
 * Starts a Carillon on the embedded default: one process, one folder. This is the only place that picks adapters.
 * Throws `store-locked`, `store-newer`, `store-corrupt`, `store-full`, `sqlite-old`, `config-invalid`, `port-in-use`.
 */
export const createApp = async (config: Config, options: AppOptions = {}): Promise<App> => {
  refuseOutside(config);
  const registry = registryOf(config);
  const lock = lockFolder(config.folder);
  // The clock's timers keep no process alive; a running app does, whether it listens or not.
  const alive = setInterval(() => undefined, 2 ** 30);
  const closing: (() => Promise<unknown> | unknown)[] = [() => lock.release(), () => clearInterval(alive)];
  const closeAll = async (): Promise<void> => {
    for (const close of closing.reverse().splice(0)) await close();
  };
  try {
    const { version, build } = readVersion();
    const folder = openFolder(config.folder, config.partitions);
    const clock = createSystemClock();
    const ids = createSystemIds();
    const telemetry = createTelemetry({ env: process.env, version, clock, role: 'all' });
    closing.push(() => telemetry.shutdown());
    const events = openSqliteEventStore({ file: folder.file('events.db'), clock });
    const store = telemetry.store(events);
    closing.push(() => store.close());
    const readModels = openSqliteReadModels({ file: folder.file('models.db') });
    closing.push(() => readModels.close());
    const vault = openSqliteVault({ file: folder.file('vault.db') });
    closing.push(() => vault.close());
    const broker = telemetry.broker(createMemoryBroker({ clock }));
    closing.push(() => broker.close());
    const parts: Parts = { folder, store, readModels, vault, clock, ids, observers: telemetry.observers };

    const engine = await startEngine({
      ...parts,
      registry,
      broker,
      build,
      partitions: folder.partitions,
      settings: config.settings,
      wrapProjection: telemetry.projection,
      keepRunsDays: config.keepRunsDays,
      ticker: options.ticker ?? true,
      ...(options.facts === undefined ? {} : { facts: options.facts }),
    });
    closing.push(() => engine.stop());
    telemetry.watch({
      projections: engine.projections.list,
      parked: () => Promise.all([...registry.scheduled.keys()].map(async (job) => ({ job, items: await countParked(readModels, job) }))),
    });

    const service: Service = {
      registry,
      partitions: folder.partitions,
      store,
      readModels,
      commands: engine.commands,
      clock,
      ids,
      secrets: { token: randomToken },
      observers: telemetry.observers,
      version,
      config: { values: config.values, sources: config.sources },
      look: engine.look,
      readiness: engine.readiness,
      projections: engine.projections,
      imports: engine.imports,
      metrics: telemetry.metrics,
      compact: async () => {
        const bytesBefore = folder.bytes();
        await events.compact();
        await vault.compact();
        await readModels.purge();
        return { bytesBefore, bytesAfter: folder.bytes() };
      },
      backup: async (target) => ({ files: await backupFolder(folder.path, target), position: await store.head() }),
    };
    const token = await ensureAdmin(parts, service);
    const server = await createServer(service, { host: config.host, port: config.port, metricsPublic: config.metricsPublic });
    closing.push(() => server.close());
    const url = options.listen === false ? null : await server.listen();
    if (url !== null) {
      folder.announce({ url, pid: process.pid, version });
      closing.push(() => folder.leave());
    }
    return {
      service,
      vault,
      folder: folder.path,
      url,
      tokenFile: folder.file('admin.token'),
      imported: engine.imported,
      inject: async (method, path, body, contentType) => {
        const answer = await server.app.inject({
          method,
          url: path,
          headers: { authorization: `Bearer ${token}`, ...(contentType === undefined ? {} : { 'content-type': contentType }) },
          ...(body === undefined ? {} : { payload: body as object }),
        });
        const type = String(answer.headers['content-type'] ?? '');
        return { status: answer.statusCode, body: /json/.test(type) ? answer.json() : answer.body };
      },
      close: closeAll,
    };
  } catch (error) {
    await closeAll().catch((later: unknown) => console.error(messageOf(later)));
    throw error;
  }
};
