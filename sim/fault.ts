import { createPrng, type Prng } from './prng.ts';
import type { FaultKind, Swarm } from './swarm.ts';
import type { World } from './world.ts';

export type Counters = Map<string, number>;
/** Which of a kind's faults happen, counted from 0 in the order in which they were drawn; a shrunk failure keeps few. */
export type Windows = { readonly [kind in FaultKind]?: { readonly from: number; readonly to: number } };
export type Trace = (who: string, text: string) => void;

/** Draws faults, one stream of chances per kind, and counts those that happened. */
export type Fault = {
  readonly swarm: Swarm;
  readonly counters: Counters;
  /** True when this fault happens at this call. */
  hit(kind: FaultKind, point: string): boolean;
  /** True when a planned fault of this kind may happen. */
  allowed(kind: FaultKind): boolean;
  /** How many of each kind were drawn, whether or not a window kept them. */
  readonly drawn: ReadonlyMap<FaultKind, number>;
  delayMs(kind: 'slow' | 'duplicate' | 'reorder' | 'delay'): number;
  /** The store or the broker does not answer, or the disk is full, until then. */
  is(what: 'store' | 'broker' | 'full'): boolean;
  until(what: 'store' | 'broker' | 'full', ms: number): void;
  count(what: string): void;
  prng(kind: string): Prng;
  /** The liveness phase: nothing goes wrong any more. */
  off(): void;
};

export const createFault = (seed: number, swarm: Swarm, windows: Windows, world: World, trace: Trace): Fault => {
  const streams = new Map<string, Prng>();
  const counters: Counters = new Map();
  const drawn = new Map<FaultKind, number>();
  const ends = { store: 0, broker: 0, full: 0 };
  let on = true;
  const prng = (kind: string): Prng => {
    const known = streams.get(kind) ?? createPrng(seed, `fault ${kind}`);
    streams.set(kind, known);
    return known;
  };
  const count = (what: string): void => void counters.set(what, (counters.get(what) ?? 0) + 1);
  const allowed = (kind: FaultKind): boolean => {
    const number = drawn.get(kind) ?? 0;
    drawn.set(kind, number + 1);
    const window = windows[kind];
    if (window !== undefined && (number < window.from || number >= window.to)) return false;
    count(kind);
    return true;
  };
  return {
    swarm,
    counters,
    drawn,
    prng,
    count,
    allowed: (kind) => on && allowed(kind),
    hit: (kind, point) => {
      const strength = swarm[kind];
      if (!on || typeof strength !== 'number' || strength <= 0 || !prng(kind).chance(strength) || !allowed(kind)) return false;
      trace('fault', `${kind} at ${point}`);
      return true;
    },
    delayMs: (kind) => Math.ceil(prng(`${kind} ms`).next() ** 2 * (kind === 'slow' ? swarm.slowMs : swarm.delayMs)),
    is: (what) => world.nowMs() < ends[what],
    until: (what, ms) => {
      ends[what] = ms;
      trace('world', `${what === 'full' ? 'the disk is full' : `the ${what} is away`} for ${ms - world.nowMs()} ms`);
    },
    off: () => {
      on = false;
      ends.store = 0;
      ends.broker = 0;
      ends.full = 0;
    },
  };
};
