import type { Windows } from '../fault.ts';
import { type Options, type Outcome, simulate } from '../simulate.ts';
import { calm, type FaultKind, type Swarm } from '../swarm.ts';

/** A failure with what it takes to have it again. */
export type Failure = { readonly options: Options; readonly outcome: Outcome };
/** How large a failure is. */
export type Size = {
  readonly kinds: number;
  readonly faults: number;
  readonly hours: number;
  readonly load: number;
  readonly events: number;
};

const none = calm();
const kinds = Object.keys(none) as FaultKind[];
/** Runs that one shrinking may take. */
const mostRuns = 150;
const shareRounds = 4;

export const sizeOf = ({ options, outcome }: Failure): Size => ({
  kinds: kinds.filter((kind) => (outcome.counters.get(kind) ?? 0) > 0).length,
  faults: kinds.reduce((sum, kind) => sum + (outcome.counters.get(kind) ?? 0), 0),
  hours: options.hours * (options.horizon ?? 1),
  load: options.load ?? 1,
  events: outcome.events,
});

/** Tries smaller versions, and keeps those that break the same invariant. */
export const shrink = async (first: Failure): Promise<Failure> => {
  const wanted = first.outcome.problems[0]!.invariant;
  let best = first;
  let runs = 0;
  const attempt = async (change: Partial<Options>): Promise<boolean> => {
    if (++runs > mostRuns) return false;
    const options = { ...best.options, ...change };
    const outcome = await simulate(options);
    if (outcome.problems[0]?.invariant !== wanted) return false;
    best = { options, outcome };
    return true;
  };
  const without = (kind: FaultKind): Partial<Options> => ({ swarm: { ...best.outcome.swarm, [kind]: none[kind] } as Swarm });

  for (const kind of kinds) if (best.outcome.swarm[kind] !== none[kind]) await attempt(without(kind));
  // The smallest share of time and of people with which it still breaks, to a sixteenth of the first one.
  for (const part of ['horizon', 'load'] as const) {
    let [low, high] = [0, best.options[part] ?? 1];
    for (let round = 0; round < shareRounds; round++) {
      const middle = (low + high) / 2;
      if (await attempt({ [part]: middle })) high = middle;
      else low = middle;
    }
  }
  // Of each kind that is left, only a stretch of its faults: halves, as long as one of them will do.
  for (const kind of kinds) {
    const drawn = best.outcome.drawn.get(kind) ?? 0;
    let window = { from: 0, to: drawn };
    const set = (next: { from: number; to: number }): Windows => ({ ...best.options.windows, [kind]: next });
    while (drawn > 0 && window.to - window.from > 1) {
      const middle = (window.from + window.to) >> 1;
      const halves = [
        { from: window.from, to: middle },
        { from: middle, to: window.to },
      ];
      const kept = (await attempt({ windows: set(halves[0]!) }))
        ? halves[0]
        : (await attempt({ windows: set(halves[1]!) }))
          ? halves[1]
          : null;
      if (kept === null || kept === undefined) break;
      window = kept;
    }
  }
  return best;
};
