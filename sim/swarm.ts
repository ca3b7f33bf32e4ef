import type { Prng } from './prng.ts';

/** How strong each fault is in a seed; 0 is off. Probabilities are per port call unless a rate is named. */
export type Swarm = {
  /** Engines on one store, one broker and one set of read models. */
  processes: number;
  /** The only process has everything in itself: the broker dies with it, and it is alone. */
  embedded: boolean;
  errorBefore: number;
  crashBefore: number;
  effectThenCrash: number;
  lostReply: number;
  /** The store gets an append a second time, as a proxy that repeats a request sends it. */
  appendTwice: number;
  slow: number;
  slowMs: number;
  killsPerHour: number;
  downMs: number;
  pausesPerHour: number;
  pauseMs: number;
  deploysPerHour: number;
  outagesPerHour: number;
  outageMs: number;
  fullPerHour: number;
  fullMs: number;
  brokerOutagesPerHour: number;
  duplicate: number;
  delay: number;
  delayMs: number;
  reorder: number;
  ackLost: number;
  poison: number;
  readModelErrors: number;
  cutSubscriptions: number;
  skewMs: number;
  jumpsPerHour: number;
  providerFailure: number;
  providerLostReply: number;
  providerRefuses: number;
  providerSlow: number;
};

export type FaultKind = keyof Swarm;

export const calm = (): Swarm => ({
  processes: 1,
  embedded: true,
  errorBefore: 0,
  crashBefore: 0,
  effectThenCrash: 0,
  lostReply: 0,
  appendTwice: 0,
  slow: 0,
  slowMs: 0,
  killsPerHour: 0,
  downMs: 1_000,
  pausesPerHour: 0,
  pauseMs: 0,
  deploysPerHour: 0,
  outagesPerHour: 0,
  outageMs: 0,
  fullPerHour: 0,
  fullMs: 0,
  brokerOutagesPerHour: 0,
  duplicate: 0,
  delay: 0,
  delayMs: 0,
  reorder: 0,
  ackLost: 0,
  poison: 0,
  readModelErrors: 0,
  cutSubscriptions: 0,
  skewMs: 0,
  jumpsPerHour: 0,
  providerFailure: 0,
  providerLostReply: 0,
  providerRefuses: 0,
  providerSlow: 0,
});

/** Draws which faults a seed has and how strong. */
export const drawSwarm = (prng: Prng): Swarm => {
  const some = (of: readonly number[]): number => (prng.chance(0.5) ? prng.pick(of) : 0);
  const processes = prng.pick([1, 2]);
  return {
    processes,
    embedded: processes === 1 && prng.chance(0.6),
    errorBefore: some([0.001, 0.01, 0.05]),
    crashBefore: some([0.0002, 0.001]),
    effectThenCrash: some([0.0005, 0.002]),
    lostReply: some([0.002, 0.01, 0.05]),
    appendTwice: some([0.01]),
    slow: some([0.005, 0.02, 0.06]),
    slowMs: prng.pick([50, 500, 5_000]),
    killsPerHour: some([1, 6, 20]),
    downMs: prng.pick([500, 10_000, 300_000]),
    pausesPerHour: some([1, 4]),
    pauseMs: prng.pick([5_000, 60_000, 600_000]),
    deploysPerHour: some([1]),
    outagesPerHour: some([1, 4]),
    outageMs: prng.pick([2_000, 30_000, 180_000]),
    fullPerHour: some([1, 3]),
    fullMs: prng.pick([2_000, 60_000, 300_000]),
    brokerOutagesPerHour: some([1, 4]),
    duplicate: some([0.01, 0.1]),
    delay: some([0.01, 0.1]),
    delayMs: prng.pick([100, 5_000, 45_000]),
    reorder: some([0.05, 0.2]),
    ackLost: some([0.01, 0.05]),
    poison: some([0.002]),
    readModelErrors: some([0.0005, 0.005]),
    cutSubscriptions: some([0.002, 0.02]),
    skewMs: some([-2_000, 500, 2_000]),
    jumpsPerHour: some([1]),
    providerFailure: some([0.05, 0.3]),
    providerLostReply: some([0.05, 0.3]),
    providerRefuses: some([0.05]),
    providerSlow: some([0.05, 0.2]),
  };
};
