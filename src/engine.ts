import type { Check, Service } from './api/service.ts';
import type { ImportState } from './contexts/engine/import/events.ts';
import { messageOf } from './core/errors.ts';
import { type Instant, plus } from './core/instant.ts';
import type { IntakeLine } from './core/intake.ts';
import { canonical, type Json } from './core/json.ts';
import { hash32 } from './core/partition.ts';
import type { Projection } from './core/projection.ts';
import type { Registry } from './core/registry.ts';
import { createBus } from './handlers/bus.ts';
import { startHandlers } from './handlers/handlers.ts';
import { createImports } from './handlers/import.ts';
import { createLook } from './handlers/look.ts';
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
import { rebuild, verify } from './projections/rebuild.ts';
import { recomputeDues } from './projections/recompute.ts';
import { runs } from './projections/runs.ts';
import { startTail } from './projections/tail.ts';
import { timeIndex } from './projections/time-index.ts';
import { defineSchedules } from './ticker/define.ts';
import { watchHealth } from './ticker/health-watch.ts';
import { startTicker } from './ticker/ticker.ts';

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
  readonly ticker: boolean;
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

const againMs = 1_000;

/** Tells apart the builds, settings and jobs that due instants were computed with. */
const fingerprintOf = ({ build, settings, registry }: EngineDeps): string =>
  String(hash32(canonical([build, settings, [...registry.dues.values()].flat().map((due) => due.name)])));

/** Ticker, handlers and projections on the given ports: everything but the adapters. Tests and the simulator start it the same way. */
export const startEngine = async (deps: EngineDeps): Promise<Engine> => {
  const { registry, store, readModels, observers, partitions, clock } = deps;
  const wrap = deps.wrapProjection ?? ((projection: Projection) => projection);
  const projections = projectionsOf(registry, partitions);
  const stopping = new AbortController();

  const readModelsLost = (await readModels.checkpoint(dueIndexName).catch(() => null)) === null;
  const tail = await startTail(deps, projections.map(wrap), (projection, event, error) =>
    observers.note({
      kind: 'log',
      level: 'error',
      scope: 'projections',
      message: `${projection} left out an event: ${messageOf(error)}`,
      facts: { position: event.position, type: event.type },
    }),
  );
  await caughtUp(deps, [dueIndexName]);
  const onBadActor = (stream: string, error: unknown): void =>
    observers.note({ kind: 'log', level: 'error', scope: 'projections', message: `dueAt threw: ${messageOf(error)}`, facts: { stream } });
  const rebuildOf: Engine['projections']['rebuild'] = (name, progress) =>
    rebuild({ store, readModels, projections, tail }, name, progress, stopping.signal);
  // In the background: commands are answered meanwhile; what plans by due instants waits for it.
  const recompute = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await recomputeDues(
          { registry, store, readModels, tail, onBadActor, signal: stopping.signal, rebuild: () => rebuildOf(dueIndexName) },
          fingerprintOf(deps),
        );
        return;
      } catch (error) {
        observers.note({ kind: 'log', level: 'warn', scope: 'projections', message: `due instants: ${messageOf(error)}` });
        await clock.sleep(againMs, stopping.signal);
      }
    }
  };
  const recomputed = recompute();

  const bus = await createBus(deps);
  const contexts = registry.contexts.map((context) => context.name);
  const look = createLook(deps, stopping.signal);
  const handlers = await startHandlers({
    ...deps,
    readModelsLost,
    commands: bus,
    contexts,
    cluster: deps.cluster ?? alone(partitions),
    look,
    recomputed,
    projections: projections.map(({ name }) => name),
  });
  const imports = createImports({ ...deps, commands: bus, reactors: handlers.reactors }, stopping.signal);

  let go = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    go = resolve;
  });
  const begun =
    deps.facts === undefined
      ? null
      : await imports.start(deps.facts.name, deps.facts.lines, 'demo', 'sample facts', { shift: true, ready });
  const first = begun === null ? null : ((await actorRow(readModels, `engine.import-${begun.id}`))?.state as ImportState | undefined);
  const activeFrom: Instant | undefined = first?.cursor ? plus(first.cursor, 1) : undefined;

  const running: Promise<unknown>[] = [];
  let ticker = { stop: async (): Promise<void> => undefined };
  if (deps.ticker) {
    await defineSchedules({ ...deps, commands: bus }, activeFrom);
    await caughtUp(deps, [dueIndexName]);
    running.push(
      recomputed.then(async () => {
        while (!stopping.signal.aborted) {
          try {
            ticker = await startTicker(deps);
            return;
          } catch (error) {
            observers.note({ kind: 'log', level: 'warn', scope: 'ticker', message: messageOf(error) });
            await clock.sleep(againMs, stopping.signal);
          }
        }
      }),
      watchHealth({ ...deps, commands: bus }, stopping.signal),
    );
  }
  void recomputed.then(go);

  const readiness = async (): Promise<readonly Check[]> => {
    const at = await store.head();
    const lag = at === null ? 0 : Number(at) - Number((await readModels.checkpoint(dueIndexName)) ?? 0);
    return [
      { name: 'event store', ok: true, detail: `at position ${at ?? 'none'}` },
      { name: 'projections', ok: lag < 10_000, detail: `${lag} events behind` },
      { name: 'handlers', ok: !stopping.signal.aborted, detail: stopping.signal.aborted ? 'stopping' : `${contexts.length} contexts` },
    ];
  };

  return {
    commands: bus,
    look,
    imported: begun?.id ?? null,
    imports,
    readiness,
    projections: {
      list: async () => {
        const at = Number((await store.head()) ?? 0);
        return Promise.all(
          projections.map(async ({ name, version }) => {
            const checkpoint = await readModels.checkpoint(name);
            return { name, version, checkpoint, lag: at - Number(checkpoint ?? 0) };
          }),
        );
      },
      rebuild: rebuildOf,
      verify: (name, progress) => verify({ store, readModels, projections, tail }, name, progress),
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([recomputed, ...running]);
      await ticker.stop();
      // Whoever sends commands stops before those who answer them.
      await imports.stopped();
      await handlers.stop();
      await bus.close();
      await Promise.race([caughtUp(deps, [dueIndexName]).catch(() => undefined), clock.sleep(2_000)]);
      await tail.stop();
    },
  };
};
