import { openSqliteEventStore } from '../src/adapters/sqlite/event-store.ts';
import { openSqliteReadModels } from '../src/adapters/sqlite/read-models.ts';
import type { Answer } from '../src/core/command.ts';
import { instant } from '../src/core/instant.ts';
import type { Registry } from '../src/core/registry.ts';
import { exchanges, type Message } from '../src/ports/broker.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Problem, Say } from './audit/problem.ts';
import { createWatcher } from './audit/watcher.ts';
import { createSimBroker } from './broker.ts';
import { createClient } from './client.ts';
import { simCluster } from './cluster.ts';
import { type Bench, simRegistry } from './contexts.ts';
import { createFault, type Trace, type Windows } from './fault.ts';
import { seededIds } from './ids.ts';
import type { Life } from './life.ts';
import { createLocks } from './locks.ts';
import { type Durable, observedStore } from './observed-store.ts';
import type { Plant, PlantTools } from './plant.ts';
import { withPollCache } from './poll-cache.ts';
import { faultyBroker } from './ports/broker.ts';
import type { PortWorld } from './ports/call.ts';
import { faultyReadModels } from './ports/models.ts';
import { faultyStore } from './ports/store.ts';
import { createPrng } from './prng.ts';
import { createProcess, type Ports, type Process, partitions, type Release } from './process.ts';
import { createProvider } from './provider.ts';
import type { Swarm } from './swarm.ts';
import { createSimVault } from './vault.ts';
import { createWorld } from './world.ts';

export type SceneOptions = {
  readonly seed: number;
  readonly swarm: Swarm;
  readonly windows: Windows;
  readonly plant: Plant | undefined;
  readonly keepTrace: boolean;
};
export type Scene = ReturnType<typeof createScene>;

const start = instant('2026-01-23T00:00Z');
const traceLimit = 200_000;

/** I7: what an answer says was done is durable when the answer goes out. */
const checkReply =
  (durable: Durable, problem: Say) =>
  (exchange: string, message: Message): void => {
    if (exchange !== exchanges.replies) return;
    const { answer } = message.body as { answer: Answer };
    if (answer.kind === 'accepted' && answer.revision > durable.head(answer.stream))
      problem('I7', `${answer.stream} was answered at revision ${answer.revision}; durable is ${durable.head(answer.stream)}`);
  };

/** Everything of one seed, put together and not yet started. */
export const createScene = ({ seed, swarm, windows, plant, keepTrace }: SceneOptions) => {
  const world = createWorld(start, createPrng(seed, 'schedule'));
  const trace: string[] = [];
  const say: Trace = (who, text) => {
    if (keepTrace && trace.length < traceLimit) trace.push(`${world.now().slice(11, 23)} ${who.padEnd(9)} ${text.slice(0, 400)}`);
  };
  const problems: Problem[] = [];
  const problem: Say = (invariant, text) => {
    problems.push({ invariant, text });
    say('PROBLEM', `${invariant}: ${text}`);
  };
  const fault = createFault(seed, swarm, windows, world, say);
  const provider = createProvider(world, fault, problem);
  const bench: Bench = {
    stuck: new Set(),
    forever: new Set(),
    sweepFails: false,
    holdHours: createPrng(seed, 'bench').pick([0.15, 0.25, 0.5]),
  };
  const worldClock: Clock = {
    now: world.now,
    monotonic: () => 0,
    sleep: world.sleep,
    sleepUntil: (at) => world.sleep(Date.parse(at) - world.nowMs()),
  };
  const base = openSqliteEventStore({ file: ':memory:', clock: worldClock });
  const readModels = withPollCache(openSqliteReadModels({ file: ':memory:' }));
  const durable = observedStore(base, { world, fault, say, watch: createWatcher(problem, provider.started, world.nowMs) });
  const broker = createSimBroker(world, fault, {
    published: checkReply(durable, problem),
    overflow: (queue, waiting) => problem('I10', `${waiting} messages wait in ${queue}, and nobody takes them`),
  });
  const locks = createLocks(world, fault);

  const registries = new Map<Life, Registry>();
  const toolsOf = (life: Life): PlantTools => ({ world, life, provider, fault, seed, registry: () => registries.get(life)! });
  const processOf = (life: Life): Process => processes.find((each) => each.name === life.name)!;
  const portWorld: PortWorld = {
    world,
    fault,
    problem,
    crash: (life, why) => life === processOf(life).life() && processOf(life).kill(why),
  };
  const portsOf = (life: Life): Ports => {
    const tools = toolsOf(life);
    const ports: Ports = {
      store: faultyStore(portWorld, life, plant?.store?.(durable.store, tools) ?? durable.store),
      readModels: faultyReadModels(portWorld, life, readModels),
      broker: faultyBroker(portWorld, life, broker),
    };
    return plant?.ports?.(ports, tools) ?? ports;
  };

  const state = { calm: false, releases: 1, registry: null as Registry | null };
  const skews: number[] = [];
  const release = (): Release => {
    const build = state.releases;
    const everyMinutes = 2 + ((build + 1) % 2);
    return {
      build,
      settings: { build },
      registry: (life) => {
        const patch = plant?.contexts;
        const made = simRegistry({ world, provider, bench }, life, everyMinutes, patch && ((all) => patch(all, toolsOf(life))));
        registries.set(life, made);
        state.registry = made;
        return made;
      },
    };
  };
  const downs = createPrng(seed, 'downs');
  const ids = seededIds(world, seed);
  const vault = createSimVault();
  const processes: readonly Process[] = Array.from({ length: swarm.processes }, (_, index) => {
    skews[index] = index === 0 ? swarm.skewMs : -swarm.skewMs;
    return createProcess({
      name: `p${index + 1}`,
      world,
      ids,
      vault,
      skew: () => (state.calm ? 0 : skews[index]!),
      ports: portsOf,
      clock: (clock, life) => plant?.clock?.(clock, toolsOf(life)) ?? clock,
      release,
      ...(swarm.embedded ? {} : { cluster: (life, port, clock) => simCluster({ life, locks, broker: port, clock, partitions }) }),
      gone: (life) => {
        fault.count('processDied');
        registries.delete(life);
        broker.drop(life);
        locks.drop(life);
        if (swarm.embedded) broker.wipe();
      },
      downMs: () => (state.calm ? 1_000 : Math.ceil(downs.next() * swarm.downMs) + 100),
      trace: say,
      note: (note) => {
        if (note.kind === 'log' && (note.level === 'error' || note.level === 'warn')) fault.count(`note ${note.scope}`);
      },
    });
  });
  const client = createClient(world, processes, say);

  return {
    world,
    fault,
    provider,
    broker,
    locks,
    bench,
    base,
    durable,
    readModels,
    processes,
    client,
    problems,
    problem,
    trace,
    say,
    skew: (index: number, ms: number): void => {
      skews[index] = ms;
    },
    release: (): void => {
      state.releases += 1;
      fault.count('deployed');
    },
    /** A registry as the newest release has it, for the audit. */
    registry: (): Registry => state.registry!,
    calm: (): void => {
      state.calm = true;
      fault.off();
    },
    close: async (): Promise<void> => {
      for (const process of processes) process.life().kill();
      await base.close();
      await readModels.close();
    },
  };
};
