import type { Json } from '../src/core/json.ts';
import type { Registry } from '../src/core/registry.ts';
import { type Engine, startEngine } from '../src/engine.ts';
import type { Broker } from '../src/ports/broker.ts';
import type { Clock, Ids } from '../src/ports/clock.ts';
import type { Cluster } from '../src/ports/cluster.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import type { Note } from '../src/ports/observers.ts';
import type { ReadModels } from '../src/ports/read-models.ts';
import type { Vault } from '../src/ports/vault.ts';
import { clockOf } from './clock.ts';
import type { Trace } from './fault.ts';
import { createLife, type Life } from './life.ts';
import type { World } from './world.ts';

export type Ports = { readonly store: EventStore; readonly readModels: ReadModels; readonly broker: Broker };
/** What a deployment brings: its number, its settings, and the rules of its contexts. */
export type Release = { readonly build: number; readonly settings: Json; registry(life: Life): Registry };

export type ProcessDeps = {
  readonly name: string;
  readonly world: World;
  readonly ids: Ids;
  readonly vault: Vault;
  /** What its clock is off by, in milliseconds; may change. */
  readonly skew: () => number;
  readonly ports: (life: Life) => Ports;
  /** For planted bugs. */
  readonly clock: (clock: Clock, life: Life) => Clock;
  /** The newest release: what the next start runs. */
  readonly release: () => Release;
  /** The processes beside it; absent when it is alone. */
  readonly cluster?: (life: Life, broker: Broker, clock: Clock) => Cluster;
  readonly gone: (life: Life) => void;
  readonly downMs: () => number;
  readonly trace: Trace;
  readonly note: (note: Note) => void;
};

export type Process = {
  readonly name: string;
  life(): Life;
  engine(): Engine | null;
  start(): void;
  kill(why: string): void;
  /** As SIGTERM does it: the engine finishes what it has in hand; after the limit it is killed. */
  restart(limitMs: number): void;
};

export const partitions = 8;

/** The engine as a process: it starts from what is durable, and can be killed, stopped or paused at any instant. */
export const createProcess = (deps: ProcessDeps): Process => {
  const { world, name, trace } = deps;
  let epoch = 0;
  let life = createLife(name, epoch);
  let engine: Engine | null = null;

  const end = (dying: Life, downMs: number): void => {
    if (dying.dead()) return;
    engine = null;
    dying.kill();
    deps.gone(dying);
    world.after(downMs, start);
  };

  const kill = (why: string): void => {
    if (life.dead()) return;
    trace(name, `dies: ${why}`);
    end(life, deps.downMs());
  };

  const restart = (limitMs: number): void => {
    const stopping = life;
    const running = engine;
    // What is down starts the new release anyway; what is only coming up is replaced.
    if (running === null) return kill('it is replaced');
    engine = null;
    trace(name, 'is stopped');
    running.stop().then(
      () => {
        if (stopping.dead()) return;
        trace(name, 'has stopped');
        end(stopping, 500);
      },
      (error: unknown) => trace(name, `could not stop: ${String(error)}`),
    );
    world.after(limitMs, () => {
      if (stopping.dead()) return;
      trace(name, 'is killed: it did not stop in time');
      end(stopping, 500);
    });
  };

  const note = (mine: Life, told: Note): void => {
    if (mine.dead()) return;
    deps.note(told);
    if (told.kind === 'log') trace(name, `${told.level} ${told.scope}: ${told.message} ${told.facts ? JSON.stringify(told.facts) : ''}`);
  };

  const start = (): void => {
    epoch++;
    const mine = createLife(name, epoch);
    life = mine;
    const release = deps.release();
    trace(name, `starts, life ${epoch}, build ${release.build}`);
    const ports = deps.ports(mine);
    const clock = deps.clock(clockOf(world, mine, deps.skew), mine);
    startEngine({
      ...ports,
      ids: deps.ids,
      vault: deps.vault,
      settings: release.settings,
      registry: release.registry(mine),
      clock,
      ...(deps.cluster === undefined ? {} : { cluster: deps.cluster(mine, ports.broker, clock) }),
      observers: { note: (told) => note(mine, told) },
      build: release.build,
      partitions,
      keepRunsDays: 90,
    }).then(
      (started) => {
        if (mine.dead()) return;
        engine = started;
        trace(name, `is up, life ${mine.epoch}`);
      },
      (error: unknown) => {
        if (!mine.dead()) kill(`could not start: ${error instanceof Error ? error.message : String(error)}`);
      },
    );
  };

  return { name, life: () => life, engine: () => engine, start, kill, restart };
};
