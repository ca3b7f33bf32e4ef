import type { SimBroker } from './broker.ts';
import type { Fault } from './fault.ts';
import type { Locks } from './locks.ts';
import { createPrng } from './prng.ts';
import type { Process } from './process.ts';
import type { FaultKind } from './swarm.ts';
import type { World } from './world.ts';

type Kind = Extract<FaultKind, `${string}PerHour`>;

export type Incidents = {
  readonly seed: number;
  readonly hours: number;
  readonly world: World;
  readonly fault: Fault;
  readonly broker: SimBroker;
  readonly locks: Locks;
  readonly processes: readonly Process[];
  readonly say: (who: string, text: string) => void;
  /** Sets what a process's clock is off by. */
  skew(process: number, ms: number): void;
  /** Another release is out: what starts from now on runs it. */
  release(): void;
};

/** A silence of this length costs a process its connection to the broker. */
const heartbeatMs = 20_000;
const mostBrokerMs = 30_000;
const drainMs = 30_000;
const betweenDeploysMs = 40_000;

const pause = ({ world, broker, locks, say, fault }: Incidents, process: Process, ms: number): void => {
  const life = process.life();
  if (life.dead() || life.paused()) return;
  say(process.name, `is paused for ${Math.round(ms)} ms`);
  life.pause();
  world.after(Math.min(ms, heartbeatMs), () => {
    if (!life.paused() || ms <= heartbeatMs) return;
    broker.cutOff(life);
    locks.cutOff(life);
  });
  world.after(ms, () => {
    if (!life.paused()) return;
    say(process.name, 'goes on');
    if (ms > heartbeatMs) fault.count('zombieWoke');
    life.resume();
    broker.reconnect(life);
    locks.reconnect(life);
  });
};

/** One process after the other, as an orchestrator rolls a release out. */
const deploy = ({ world, processes, release }: Incidents): void => {
  release();
  for (const [index, process] of processes.entries()) world.after(index * betweenDeploysMs, () => process.restart(drainMs));
};

/** Plans what happens to processes, store, disk, broker and clocks at drawn moments; each kind has its own stream of chances. */
export const planIncidents = (deps: Incidents): void => {
  const { seed, hours, world, fault, broker, processes } = deps;
  const { swarm } = fault;
  const plan = (kind: Kind, run: (process: Process, chance: number, index: number) => void): void => {
    const prng = createPrng(seed, `plan ${kind}`);
    for (let index = 0; index < swarm[kind] * hours; index++) {
      const [chance, who, at] = [prng.next(), prng.int(0, processes.length - 1), prng.next()];
      world.at(world.startMs + at * hours * 3_600_000, () => {
        if (fault.allowed(kind)) run(processes[who]!, chance, who);
      });
    }
  };
  plan('killsPerHour', (process) => process.kill('kill -9'));
  plan('pausesPerHour', (process, chance) => pause(deps, process, chance * swarm.pauseMs));
  plan('deploysPerHour', () => deploy(deps));
  plan('outagesPerHour', (_, chance) => {
    const untilMs = world.nowMs() + chance * swarm.outageMs;
    fault.until('store', untilMs);
    deps.locks.cutAll(untilMs);
  });
  plan('fullPerHour', (_, chance) => fault.until('full', world.nowMs() + chance * swarm.fullMs));
  plan('brokerOutagesPerHour', (_, chance) => {
    fault.until('broker', world.nowMs() + chance * mostBrokerMs);
    if (chance >= 0.5) return;
    fault.count('brokerWiped');
    broker.wipe();
  });
  plan('jumpsPerHour', (_, chance, index) => deps.skew(index, Math.round((chance - 0.5) * 8_000)));
};
