import { createHash } from 'node:crypto';
import { fromMs } from '../src/core/instant.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { audit } from './audit/index.ts';
import { type Problem, readLog } from './audit/problem.ts';
import { checkProjections } from './audit/projections.ts';
import type { Windows } from './fault.ts';
import { planIncidents } from './incidents.ts';
import type { Plant } from './plant.ts';
import { createPrng } from './prng.ts';
import { createScene, type Scene } from './scene.ts';
import { drawSwarm, type FaultKind, type Swarm } from './swarm.ts';
import { createWorkload } from './workload/index.ts';

export type Options = {
  readonly seed: number;
  /** Virtual hours with faults. */
  readonly hours: number;
  /** Instead of what the seed draws; this and the rest are what a shrunk failure keeps. */
  readonly swarm?: Swarm;
  readonly windows?: Windows;
  /** Where the time of faults is cut off, as a share of it. */
  readonly horizon?: number;
  readonly load?: number;
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
  readonly simulatedMs: number;
  readonly counters: ReadonlyMap<string, number>;
  readonly drawn: ReadonlyMap<FaultKind, number>;
  readonly trace: readonly string[];
};

const liveMs = 3_600_000;
const lookEveryMs = 240_000;
const quietAfter = 5;
/** So that no slot has just begun when the audit looks. */
const afterMinuteMs = 45_500;

/** Problems that appear outside of any call: a rejection that nobody handles would end a real process. */
export const strayErrors: { current: ((error: unknown) => void) | null } = { current: null };

const hashOf = async (store: EventStore): Promise<{ hash: string; events: number }> => {
  const digest = createHash('sha256');
  const events = await readLog(store);
  for (const { position, stream, revision, type, id, metadata, data } of events)
    digest.update(`${position} ${stream} ${revision} ${type} ${id} ${metadata.asOf} ${JSON.stringify(data)}\n`);
  return { hash: digest.digest('hex'), events: events.length };
};

/** Peace: no faults, everything mended; it must come to rest. */
const heal = async (scene: Scene, workload: { mend(): void; replayAll(): Promise<void> }, broken: () => boolean): Promise<void> => {
  const { world, client, processes, broker, locks } = scene;
  const from = world.nowMs();
  scene.calm();
  scene.say('world', 'faults are off');
  for (const process of processes) {
    process.life().resume();
    broker.reconnect(process.life());
    locks.reconnect(process.life());
  }
  workload.mend();
  for (let look = 1; look * lookEveryMs <= liveMs && !broken(); look++) {
    await world.run(from + look * lookEveryMs, broken);
    if (look < quietAfter) void workload.replayAll();
    else if (client.open.size === 0) break;
  }
  if (!broken()) await world.run(world.nowMs() + afterMinuteMs, broken);
};

const examine = async (scene: Scene): Promise<void> => {
  const { base, readModels, world, client, provider, durable, broker, problem } = scene;
  const found = await audit({
    store: base,
    readModels,
    registry: scene.registry(),
    now: fromMs(world.nowMs()),
    answered: client.answered,
    done: provider.done,
    erased: durable.erased,
    parked: broker.parked,
  });
  for (const each of found) problem(each.invariant, each.text);
  for (const wish of client.open) problem('I10', `never answered: ${wish}`);
};

/** One seed: a world, processes that are treated badly while people use them, then peace, and the audit. */
export const simulate = async (options: Options): Promise<Outcome> => {
  const { seed, hours, plant, windows = {}, horizon = 1, load = 1, keepTrace = false } = options;
  const swarm = options.swarm ?? drawSwarm(createPrng(seed, 'swarm'));
  const scene = createScene({ seed, swarm, windows, plant, keepTrace });
  const { world, fault, problems, problem } = scene;
  strayErrors.current = (error) =>
    problem('stray', `an unhandled rejection: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const workload = createWorkload({ ...scene, seed, hours, load, count: fault.count }, (stream) => scene.durable.erased.has(stream));
  planIncidents({ ...scene, seed, hours });
  for (const process of scene.processes) process.start();
  workload.begin();
  const broken = (): boolean => problems.length > 0;
  const endMs = world.startMs + hours * horizon * 3_600_000;
  await world.run(endMs, broken);
  if (!broken()) await checkProjections(await readLog(scene.base), scene.registry(), scene.readModels, false, problem);
  if (!broken()) await heal(scene, workload, broken);
  if (!broken()) await examine(scene);
  const log = await hashOf(scene.base);
  await scene.close();
  strayErrors.current = null;
  const simulatedMs = world.nowMs() - world.startMs;
  return { seed, hours, swarm, problems, ...log, simulatedMs, counters: fault.counters, drawn: fault.drawn, trace: scene.trace };
};
