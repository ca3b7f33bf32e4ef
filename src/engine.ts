import type { Check, Service } from './api/service.ts';
import type { ImportState } from './contexts/engine/import/events.ts';
import { messageOf } from './core/errors.ts';
import type { Position } from './core/event.ts';
import { type Instant, plus } from './core/instant.ts';
import type { IntakeLine } from './core/intake.ts';
import type { Json } from './core/json.ts';
import type { Projection } from './core/projection.ts';
import type { Registry } from './core/registry.ts';
import { createBus } from './handlers/bus.ts';
import { startHandlers } from './handlers/handlers.ts';
import { createImports } from './handlers/import.ts';
import { createLook } from './handlers/look.ts';
import { remoteProgress } from './handlers/reactors.ts';
import { declareTopology, topologyOf } from './handlers/topology.ts';
import type { Broker } from './ports/broker.ts';
import type { Clock, Ids } from './ports/clock.ts';
import { alone, type Cluster } from './ports/cluster.ts';
import type { Commands } from './ports/commands.ts';
import type { EventStore } from './ports/event-store.ts';
import type { Observers } from './ports/observers.ts';
import type { ReadModels } from './ports/read-models.ts';
import type { Vault } from './ports/vault.ts';
import { caughtUp } from './projections/caught-up.ts';
import { dueIndex, dueIndexName } from './projections/due-index.ts';
import { actorRow } from './projections/due-queries.ts';
import { parked } from './projections/parked.ts';
import { runs } from './projections/runs.ts';
import { timeIndex } from './projections/time-index.ts';
import { startModels } from './roles/models.ts';
import { runTicker } from './roles/ticker.ts';

export type EngineDeps = {
  readonly registry: Registry;
  readonly store: EventStore;
  readonly broker: Broker;
  readonly readModels: ReadModels;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observers: Observers;
  readonly build: number;
  readonly partitions: number;
  /** The settings of the contexts: when they change, stored due instants are asked for again. */
  readonly settings: Json;
  /** What this process does; everything when absent. */
  readonly roles?: Roles;
  /** The other processes; this one is alone when absent. */
  readonly cluster?: Cluster;
  readonly keepRunsDays: number;
  readonly wrapProjection?: (projection: Projection) => Projection;
  readonly facts?: { readonly name: string; readonly lines: readonly IntakeLine[] };
};

export type Engine = Pick<Service, 'projections' | 'imports' | 'readiness' | 'look'> & {
  readonly commands: Commands;
  readonly imported: string | null;
  /** Ticker first, then handlers, then projections: what was taken is finished. */
  stop(): Promise<void>;
};

/** Every projection of the app: the engine's own, then the contexts'. */
export const projectionsOf = (registry: Registry, partitions: number): readonly Projection[] => [
  dueIndex(registry, partitions),
  runs,
  parked,
  timeIndex,
  ...registry.projections,
];

/** Behind for longer than this, /readyz says 503. */
const maxLagMs = 10_000;
const lastCatchUpMs = 2_000;

/** What a process does: all of it alone, or some of it beside others (design section 11). */
export type Roles = {
  readonly ticker: boolean;
  /** The contexts whose actors it handles. */
  readonly handles: readonly string[];
  /** It writes the read models whenever it leads. */
  readonly projections: boolean;
};

/** What a process does that is alone. */
export const allRoles = (registry: Registry): Roles => ({
  ticker: true,
  handles: registry.contexts.map(({ name }) => name),
  projections: true,
});

/** Whether the due index keeps up: it has to reach a head of the log within a while. Positions are no counts in every store. */
const createLagWatch = ({ store, readModels, clock }: EngineDeps) => {
  let seen: { readonly head: Position; readonly at: Instant; readonly since: number } | null = null;
  return async (): Promise<Check> => {
    const [head, checkpoint] = await Promise.all([store.head(), readModels.checkpoint(dueIndexName)]);
    if (head === null || (checkpoint !== null && checkpoint >= head)) {
      seen = null;
      return { name: 'projections', ok: true, detail: 'caught up' };
    }
    if (seen === null || (checkpoint !== null && checkpoint >= seen.head)) seen = { head, at: clock.now(), since: clock.monotonic() };
    return { name: 'projections', ok: clock.monotonic() - seen.since < maxLagMs, detail: `have not reached the log of ${seen.at} yet` };
  };
};

const answerWithinMs = 3_000;

/** One port, asked: what it says, or why it does not. */
const ask = async (clock: Clock, name: string, work: () => Promise<string>): Promise<Check> => {
  const over = new AbortController();
  const late = clock
    .sleep(answerWithinMs, over.signal)
    .then(() => Promise.reject(new Error(`no answer within ${answerWithinMs / 1_000} s`)));
  late.catch(() => undefined);
  try {
    return { name, ok: true, detail: await Promise.race([work(), late]) };
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) };
  } finally {
    over.abort();
  }
};

const readinessOf = async (
  { store, broker, clock, partitions }: EngineDeps,
  roles: Roles,
  { lag, stopping }: { readonly lag: () => Promise<Check>; readonly stopping: AbortSignal },
): Promise<readonly Check[]> => {
  const trouble = clock.trouble?.() ?? null;
  const handlers = roles.handles.length === 0 ? 'none here' : `${roles.handles.length} contexts`;
  const queue = topologyOf(['engine'], partitions).queues[0]!.name;
  return [
    { name: 'clock', ok: trouble === null, detail: trouble ?? 'goes with the monotonic one' },
    await ask(clock, 'event store', async () => `at position ${(await store.head()) ?? 'none'}`),
    await ask(clock, 'broker', async () => `${await broker.depth(queue)} messages wait in ${queue}`),
    await lag().catch((error: unknown) => ({ name: 'projections', ok: false, detail: messageOf(error) })),
    { name: 'handlers', ok: !stopping.aborted, detail: stopping.aborted ? 'stopping' : handlers },
  ];
};

const projectionList = async ({ store, readModels }: EngineDeps, projections: readonly Projection[]) => {
  const at = Number((await store.head()) ?? 0);
  return Promise.all(
    projections.map(async ({ name, version }) => {
      const checkpoint = await readModels.checkpoint(name);
      return { name, version, checkpoint, lag: at - Number(checkpoint ?? 0) };
    }),
  );
};

/** Ticker, handlers and projections on the given ports: everything but the adapters. Tests and the simulator start it the same way. */
export const startEngine = async (deps: EngineDeps): Promise<Engine> => {
  const { registry, readModels, partitions, clock } = deps;
  const wrap = deps.wrapProjection ?? ((projection: Projection) => projection);
  const projections = projectionsOf(registry, partitions);
  const cluster = deps.cluster ?? alone(partitions);
  const roles: Roles = deps.roles ?? allRoles(registry);
  const stopping = new AbortController();

  await declareTopology(
    deps.broker,
    registry.contexts.map(({ name }) => name),
    partitions,
  );
  const bus = await createBus(deps);
  const readModelsLost = (await readModels.checkpoint(dueIndexName).catch(() => null)) === null;
  const models = await startModels({ ...deps, cluster, commands: bus, projections: projections.map(wrap), keeps: roles.projections });
  await caughtUp(deps, [dueIndexName]);

  const look = createLook(deps, stopping.signal);
  const lag = createLagWatch(deps);
  const { recomputed } = models;
  const parts = { ...deps, cluster, commands: bus, look, recomputed, readModelsLost, projections: projections.map(({ name }) => name) };
  const handlers = roles.handles.length === 0 ? null : await startHandlers({ ...parts, contexts: roles.handles });
  const reactors = handlers?.reactors ?? remoteProgress(deps);
  const imports = createImports({ ...deps, commands: bus, reactors }, stopping.signal);

  const go = Promise.withResolvers<void>();
  const begun =
    deps.facts === undefined
      ? null
      : await imports.start(deps.facts.name, deps.facts.lines, 'demo', 'sample facts', { shift: true, ready: go.promise });
  const first = begun === null ? null : ((await actorRow(readModels, `engine.import-${begun.id}`))?.state as ImportState | undefined);
  const activeFrom = first?.cursor ? { activeFrom: plus(first.cursor, 1) } : {};
  const ticker = roles.ticker ? await runTicker({ ...deps, ...activeFrom, commands: bus, ready: recomputed }) : null;
  void recomputed.then(go.resolve);
  stopping.signal.addEventListener('abort', () => go.resolve());

  return {
    commands: bus,
    look,
    imported: begun?.id ?? null,
    imports,
    readiness: () => readinessOf(deps, roles, { lag, stopping: stopping.signal }),
    projections: { list: () => projectionList(deps, projections), rebuild: models.rebuild, verify: models.verify },
    stop: async () => {
      stopping.abort();
      await ticker?.stop();
      // Whoever sends commands stops before those who answer them.
      await imports.stopped();
      await handlers?.stop();
      await bus.close();
      if (roles.projections) await Promise.race([caughtUp(deps, [dueIndexName]).catch(() => undefined), clock.sleep(lastCatchUpMs)]);
      await models.stop();
    },
  };
};
