import { createHash } from 'node:crypto';
import { openSqliteEventStore } from '../src/adapters/sqlite/event-store.ts';
import { openSqliteReadModels } from '../src/adapters/sqlite/read-models.ts';
import type { Context } from '../src/core/context.ts';
import { fromMs, instant } from '../src/core/instant.ts';
import type { Registry } from '../src/core/registry.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { AppendItem, AppendResult, EventStore } from '../src/ports/event-store.ts';
import { createSimBroker } from './broker.ts';
import { createClient } from './client.ts';
import { type Bench, simRegistry } from './contexts.ts';
import { createFault, type Fault, faultyBroker, faultyReadModels, faultyStore, type PortWorld } from './faults.ts';
import { audit, createWatcher, type Problem, readLog } from './invariants.ts';
import type { Life } from './life.ts';
import { createPrng } from './prng.ts';
import { createProcess, type Ports, type Process } from './process.ts';
import { createProvider, type Provider } from './provider.ts';
import { drawSwarm, type Swarm } from './swarm.ts';
import { createWorkload } from './workload.ts';
import { createWorld, type World } from './world.ts';

/** What a planted bug may reach: it wraps ports inside the faults, patches definitions, or stands between engine and provider. */
export type Plant = {
  readonly name: string;
  readonly about: string;
  /** Between the faulty port and the real one. */
  store?(inner: EventStore, tools: PlantTools): EventStore;
  /** Around everything that one process sees. */
  ports?(ports: Ports, tools: PlantTools): Ports;
  contexts?(contexts: readonly Context[], tools: PlantTools): readonly Context[];
};
export type PlantTools = {
  readonly world: World;
  readonly life: () => Life;
  readonly provider: Provider;
  readonly fault: Fault;
  readonly registry: () => Registry;
};

export type Options = {
  readonly seed: number;
  readonly hours: number;
  /** Instead of what the seed draws: for replays and shrinking. */
  readonly swarm?: Swarm;
  readonly plant?: Plant;
  readonly keepTrace?: boolean;
};

export type Outcome = {
  readonly seed: number;
  readonly hours: number;
  readonly swarm: Swarm;
  readonly problems: readonly Problem[];
  readonly hash: string;
  readonly events: number;
  readonly steps: number;
  readonly simulatedMs: number;
  readonly counters: ReadonlyMap<string, number>;
  readonly trace: readonly string[];
};

const start = instant('2026-01-23T00:00Z');
const liveMs = 3 * 3_600_000;
const traceLimit = 60_000;

/** Problems that appear outside of any call: a rejection that nobody handles would end a real process. */
export const strayErrors: { current: ((error: unknown) => void) | null } = { current: null };

const seededIds = (world: World, seed: number) => {
  const prng = createPrng(seed, 'ids');
  let count = 0;
  const hex = (digits: number): string =>
    Math.floor(prng.next() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return {
    next: (): string => {
      const time = world.nowMs().toString(16).padStart(12, '0');
      count = (count + 1) & 0xfff;
      return `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, '0')}-8${hex(3)}-${hex(6)}${hex(6)}`;
    },
  };
};

/** One seed: a world, a process that is treated badly while people use it, then peace, and the audit. */
export const simulate = async (options: Options): Promise<Outcome> => {
  const { seed, hours, plant } = options;
  const swarm = options.swarm ?? drawSwarm(createPrng(seed, 'swarm'));
  const world = createWorld(start, createPrng(seed, 'schedule'));
  const trace: string[] = [];
  const say = (who: string, text: string): void => {
    if (options.keepTrace && trace.length < traceLimit) trace.push(`${world.now().slice(11, 23)} ${who.padEnd(9)} ${text.slice(0, 400)}`);
  };
  const problems: Problem[] = [];
  const problem = (invariant: string, text: string): void => {
    problems.push({ invariant, text });
    say('PROBLEM', `${invariant}: ${text}`);
  };
  const fault = createFault(seed, swarm, world, say);
  const provider = createProvider(world, fault, problem);
  const broker = createSimBroker(world, fault);
  const bench: Bench = { stuck: new Set(), sweepFails: false, holdHours: createPrng(seed, 'bench').pick([0.15, 0.25, 0.5]) };
  const worldClock: Clock = {
    now: world.now,
    monotonic: () => 0,
    sleep: world.sleep,
    sleepUntil: (at) => world.sleep(Date.parse(at) - world.nowMs()),
  };
  const base = openSqliteEventStore({ file: ':memory:', clock: worldClock });
  const readModels = openSqliteReadModels({ file: ':memory:' });
  const watch = createWatcher(problem, provider.started);
  const seen = new Set<string>();

  /** Tells what has become durable, once. */
  const observe = (items: readonly AppendItem[], results: readonly AppendResult[]): void => {
    for (const [index, item] of items.entries()) {
      const result = results[index];
      if (!result?.ok) {
        fault.count('conflict');
        continue;
      }
      item.events.forEach((event, offset) => {
        if (seen.has(event.id)) {
          fault.count('repeatedAppend');
          return;
        }
        seen.add(event.id);
        const revision = result.revision - item.events.length + 1 + offset;
        say(
          'log',
          `${item.stream} ${revision} ${event.type} ${event.metadata.rule} cause ${event.metadata.causationId} ${JSON.stringify(event.data).slice(0, 120)}`,
        );
        watch({ ...event, stream: item.stream, revision, position: result.position, recordedAt: world.now() });
      });
    }
  };
  const durable: EventStore = {
    ...base,
    append: async (item) => {
      const result = await base.append(item);
      observe([item], [result]);
      return result;
    },
    appendMany: async (items) => {
      const results = await base.appendMany(items);
      observe(items, results);
      return results;
    },
  };

  const portWorld: PortWorld = { world, fault, crash: (life, why) => void (life === process.life() && process.kill(why)), problem };
  let skewMs = swarm.skewMs;
  let calmNow = false;
  let registryNow: Registry | null = null;
  const tools = (life: () => Life): PlantTools => ({ world, life, provider, fault, registry: () => registryNow! });
  const portsOf = (life: Life): Ports => {
    const inner =
      plant?.store?.(
        durable,
        tools(() => life),
      ) ?? durable;
    const ports: Ports = {
      store: faultyStore(portWorld, life, inner),
      readModels: faultyReadModels(portWorld, life, readModels),
      broker: faultyBroker(portWorld, life, broker),
    };
    return (
      plant?.ports?.(
        ports,
        tools(() => life),
      ) ?? ports
    );
  };
  const registryOf = (life: Life): Registry => {
    const patch = plant?.contexts;
    registryNow = simRegistry(
      { world, fault, provider, bench },
      () => life,
      patch &&
        ((contexts) =>
          patch(
            contexts,
            tools(() => life),
          )),
    );
    return registryNow;
  };
  const downs = createPrng(seed, 'downs');
  const process: Process = createProcess({
    name: 'p1',
    world,
    ids: seededIds(world, seed),
    skew: () => (calmNow ? 0 : skewMs),
    ports: portsOf,
    registry: registryOf,
    gone: (life) => {
      fault.count('processDied');
      broker.drop(life);
      if (swarm.embedded) broker.wipe();
    },
    downMs: () => (calmNow ? 1_000 : Math.ceil(downs.next() * swarm.downMs) + 100),
    trace: say,
    note: (note) => {
      if (note.kind === 'log' && (note.level === 'error' || note.level === 'warn')) fault.count(`note ${note.scope}`);
    },
  });
  strayErrors.current = (error) =>
    problem('stray', `an unhandled rejection: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);

  const endMs = world.startMs + hours * 3_600_000;
  const client = createClient(world, [process], say);
  const workload = createWorkload({
    world,
    client,
    prng: createPrng(seed, 'workload'),
    bench,
    provider,
    readModels,
    endMs,
    count: fault.count,
  });

  const plan = (
    kind: 'killsPerHour' | 'pausesPerHour' | 'outagesPerHour' | 'brokerOutagesPerHour' | 'jumpsPerHour',
    run: (chance: number) => void,
  ): void => {
    const prng = fault.prng(kind);
    const times = swarm[kind] * hours;
    for (let index = 0; index < times; index++) {
      const chance = prng.next();
      world.at(world.startMs + prng.next() * (endMs - world.startMs), () => {
        if (calmNow) return;
        fault.count(kind);
        run(chance);
      });
    }
  };
  plan('killsPerHour', () => process.kill('kill -9'));
  plan('pausesPerHour', (chance) => {
    const life = process.life();
    say('p1', 'is paused');
    life.pause();
    world.after(chance * swarm.pauseMs, () => {
      say('p1', 'goes on');
      life.resume();
    });
  });
  plan('outagesPerHour', (chance) => fault.downUntil('store', world.nowMs() + chance * swarm.outageMs));
  plan('brokerOutagesPerHour', (chance) => {
    fault.downUntil('broker', world.nowMs() + chance * 30_000);
    if (chance < 0.5) {
      fault.count('brokerWiped');
      broker.wipe();
    }
  });
  plan('jumpsPerHour', (chance) => {
    skewMs = Math.round((chance - 0.5) * 8_000);
  });

  process.start();
  workload.begin();
  const broken = (): boolean => problems.length > 0;
  await world.run(endMs, broken);

  // Peace: no faults, everything mended; it must come to rest.
  calmNow = true;
  fault.off();
  say('world', 'faults are off');
  process.life().resume();
  workload.mend();
  const peaceEnd = endMs + liveMs;
  for (let next = endMs + 600_000; next <= peaceEnd && !broken(); next += 600_000) {
    await world.run(next, broken);
    if (next === endMs + 600_000 || next === endMs + 1_200_000 || next === endMs + 1_800_000) void workload.replayAll();
    if (next >= endMs + 2_400_000 && client.open() === 0) break;
  }
  // A little after a minute, so that no slot has just begun.
  if (!broken()) await world.run(world.nowMs() + 45_500, broken);
  if (!broken()) {
    const found = await audit({
      store: base,
      readModels,
      registry: registryNow!,
      now: fromMs(world.nowMs()),
      answered: client.answered,
      done: provider.done,
      knownGap: (text) => {
        fault.count('known gap: parked reaction');
        say('known', text);
      },
    });
    for (const each of found) problem(each.invariant, each.text);
    if (client.open() > 0) problem('I10', `${client.open()} commands were never answered`);
  }
  const digest = createHash('sha256');
  const events = await readLog(base);
  for (const event of events)
    digest.update(
      `${event.position} ${event.stream} ${event.revision} ${event.type} ${event.id} ${event.metadata.asOf} ${JSON.stringify(event.data)}\n`,
    );
  process.life().kill();
  strayErrors.current = null;
  await base.close();
  await readModels.close();
  return {
    seed,
    hours,
    swarm,
    problems,
    hash: digest.digest('hex'),
    events: events.length,
    steps: world.steps.count,
    simulatedMs: world.nowMs() - world.startMs,
    counters: fault.counters,
    trace,
  };
};
