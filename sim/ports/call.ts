import type { Fault } from '../fault.ts';
import type { Life } from '../life.ts';
import type { FaultKind } from '../swarm.ts';
import type { World } from '../world.ts';

export type PortWorld = {
  readonly world: World;
  readonly fault: Fault;
  /** Ends a life, as `kill -9` does. */
  crash(life: Life, why: string): void;
  problem(invariant: string, text: string): void;
};

type Options = {
  /** Changes something: its reply can be lost. */
  readonly write?: boolean;
  readonly error: () => Error;
  readonly rate: FaultKind;
};

/** More calls than this without time moving is a livelock. */
const mostCalls = 50_000;

const forever = (): Promise<never> => new Promise(() => undefined);

const livelock = ({ world, problem }: PortWorld, life: Life, point: string): boolean => {
  if (++world.spin.count <= mostCalls) return false;
  problem('I10', `livelock: ${mostCalls} port calls at one instant, the last ${point}`);
  life.kill();
  return true;
};

/** One port call of a process, with its fate: error before, crash before, effect then crash, effect then lost reply, slow; or none. */
export const caller = (ports: PortWorld, life: Life) => {
  const { world, fault, crash } = ports;
  /** A request that is on its way reaches a store of its own; one inside the process dies with it. */
  const arrives = (write: boolean): boolean => {
    if (life.dead()) {
      if (fault.swarm.embedded || !write) return false;
      fault.count('writeOfTheDead');
    } else if (write && life.paused()) fault.count('writeOfThePaused');
    return true;
  };
  return async <T>(point: string, { write = false, error, rate }: Options, work: () => Promise<T>): Promise<T> => {
    if (life.dead() || livelock(ports, life, point)) return forever();
    if (write && fault.hit('crashBefore', point)) {
      crash(life, `before ${point}`);
      return forever();
    }
    if (fault.hit(rate, point)) {
      await life.gate();
      throw error();
    }
    const late = fault.hit('slow', point) ? fault.delayMs('slow') : 0;
    if (late > 0) {
      await world.sleep(late / 2);
      if (!arrives(write)) return forever();
    }
    world.busy.count++;
    let result: T;
    try {
      result = await work();
    } finally {
      world.busy.count--;
    }
    if (write && fault.hit('effectThenCrash', point)) {
      crash(life, `after ${point}`);
      return forever();
    }
    if (late > 0) await world.sleep(late / 2);
    await life.gate();
    if (write && fault.hit('lostReply', point)) throw error();
    return result;
  };
};
