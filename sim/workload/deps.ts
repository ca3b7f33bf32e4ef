import type { Answer, Command } from '../../src/core/command.ts';
import type { StreamName } from '../../src/core/event.ts';
import type { Json } from '../../src/core/json.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import type { Client } from '../client.ts';
import type { Bench } from '../contexts.ts';
import { createPrng, type Prng } from '../prng.ts';
import type { Provider } from '../provider.ts';
import type { World } from '../world.ts';

export type WorkloadDeps = {
  readonly seed: number;
  readonly world: World;
  readonly client: Client;
  readonly bench: Bench;
  readonly provider: Provider;
  readonly readModels: ReadModels;
  readonly hours: number;
  /** The share of the people and things that take part; 1 is all of them. */
  readonly load: number;
  readonly count: (what: string) => void;
};

type Options = { readonly reason?: string; readonly tries?: number };

/** What all parts of the workload stand on. Every wish is drawn before the run, from a stream of its own: faults do not shift it. */
export const createDesk = (deps: WorkloadDeps) => {
  const { seed, world, client, load } = deps;
  const spanMs = deps.hours * 3_600_000;
  const used = new Map<string, number>();
  /** Ids come from who sends, so that a workload with fewer people has the same ids. */
  const command = (who: string, to: string, type: string, data: Json, reason?: string): Command => {
    const number = (used.get(who) ?? 0) + 1;
    used.set(who, number);
    const by = reason === undefined ? {} : { reason, by: 'operator' };
    return { id: `${who}-${number}`, to: to as StreamName, type, data, asOf: world.now(), ...by };
  };
  return {
    ...deps,
    spanMs,
    /** A share of the time of faults, in milliseconds of the world. */
    moment: (share: number): number => world.startMs + share * spanMs,
    send: (who: string, to: string, type: string, data: Json = {}, { reason, tries }: Options = {}): Promise<Answer | null> =>
      client.send(() => command(who, to, type, data, reason), tries),
    /** So many an hour, each with its own stream of chances. */
    each: (what: string, perHour: number, run: (prng: Prng, index: number, who: string) => void): void => {
      const all = Math.ceil(perHour * deps.hours);
      for (let index = 0; index < Math.ceil(all * load); index++) run(createPrng(seed, `${what} ${index}`), index, `${what}-${index}`);
    },
  };
};
export type Desk = ReturnType<typeof createDesk>;
