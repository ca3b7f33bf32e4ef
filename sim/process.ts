import { openSqliteVault } from '../src/adapters/sqlite/vault.ts';
import { fromMs, toMs } from '../src/core/instant.ts';
import type { Registry } from '../src/core/registry.ts';
import { type Engine, startEngine } from '../src/engine.ts';
import type { Broker } from '../src/ports/broker.ts';
import type { Clock, Ids } from '../src/ports/clock.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import type { Note } from '../src/ports/observers.ts';
import type { ReadModels } from '../src/ports/read-models.ts';
import { createLife, type Life } from './life.ts';
import type { World } from './world.ts';

export type Ports = { readonly store: EventStore; readonly readModels: ReadModels; readonly broker: Broker };

export type ProcessDeps = {
  readonly name: string;
  readonly world: World;
  readonly ids: Ids;
  /** What its clock is off by, in milliseconds; may change. */
  readonly skew: () => number;
  readonly ports: (life: Life) => Ports;
  readonly registry: (life: Life) => Registry;
  readonly gone: (life: Life) => void;
  readonly downMs: () => number;
  readonly trace: (who: string, text: string) => void;
  readonly note: (note: Note) => void;
};

export type Process = {
  readonly name: string;
  life(): Life;
  engine(): Engine | null;
  start(): void;
  kill(why: string): void;
  starts(): number;
};

const clockOf = (world: World, life: Life, skew: () => number): Clock => {
  const until = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        signal?.removeEventListener('abort', done);
        life.enter(resolve);
      };
      signal?.addEventListener('abort', done);
      world.at(ms, done);
    });
  return {
    now: () => fromMs(world.nowMs() + skew()),
    monotonic: () => world.nowMs() - world.startMs,
    sleep: (ms, signal) => until(world.nowMs() + ms, signal),
    sleepUntil: async (at, signal) => {
      while (world.nowMs() + skew() < toMs(at) && !signal?.aborted) await until(toMs(at) - skew(), signal);
    },
  };
};

/** The engine as a process: it starts from what is durable, and can be killed or paused at any instant. */
export const createProcess = (deps: ProcessDeps): Process => {
  const { world, name, trace } = deps;
  let epoch = 0;
  let life = createLife(name, epoch);
  let engine: Engine | null = null;

  const kill = (why: string): void => {
    if (life.dead()) return;
    trace(name, `dies: ${why}`);
    const dying = life;
    engine = null;
    dying.kill();
    deps.gone(dying);
    world.after(deps.downMs(), start);
  };

  const start = (): void => {
    epoch++;
    const mine = createLife(name, epoch);
    life = mine;
    trace(name, `starts, life ${epoch}`);
    startEngine({
      settings: {},
      vault: openSqliteVault({ file: ':memory:' }),
      ...deps.ports(mine),
      registry: deps.registry(mine),
      clock: clockOf(world, mine, deps.skew),
      ids: deps.ids,
      observers: {
        note: (note) => {
          if (mine.dead()) return;
          deps.note(note);
          if (note.kind === 'log')
            trace(name, `${note.level} ${note.scope}: ${note.message} ${note.facts ? JSON.stringify(note.facts) : ''}`);
        },
      },
      build: 1,
      partitions: 8,
      keepRunsDays: 90,
      ticker: true,
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

  return { name, life: () => life, engine: () => engine, start, kill, starts: () => epoch };
};
