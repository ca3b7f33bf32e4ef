import { engineContext } from '../src/contexts/engine/index.ts';
import { giving } from '../src/contexts/giving/index.ts';
import type { Context } from '../src/core/context.ts';
import { defineEffect } from '../src/core/effect.ts';
import { buildRegistry, type Registry } from '../src/core/registry.ts';
import { houseContext } from './house.ts';
import type { Life } from './life.ts';
import type { Provider } from './provider.ts';
import type { World } from './world.ts';

/** What the simulator bends. `forever` are lamps that never work again, also in peace. */
export type Bench = {
  readonly stuck: Set<string>;
  readonly forever: Set<string>;
  sweepFails: boolean;
  readonly holdHours: number;
};
export type Patch = (contexts: readonly Context[]) => readonly Context[];

type Parts = { readonly world: World; readonly provider: Provider; readonly bench: Bench };

/** The registry of one life of a process: the giving context and the house, with effects at the simulated provider. */
export const simRegistry = ({ world, provider, bench }: Parts, life: Life, everyMinutes: number, patch: Patch = (all) => all): Registry => {
  const charity = giving.build({ holdHours: bench.holdHours });
  const notify = defineEffect('giving/notify', (call) => provider.call(life, 'giving/notify', true, call), { idempotent: true });
  const house = houseContext({
    everyMinutes,
    stuck: (id) => bench.stuck.has(id) || bench.forever.has(id),
    sweep: async () => {
      await world.sleep(2_000);
      await life.gate();
      return { success: !bench.sweepFails, message: bench.sweepFails ? 'the broom is gone' : 'swept' };
    },
    ring: (call) => provider.call(life, 'house/ring', false, call),
  });
  const contexts = patch([{ ...charity, effects: [notify] }, house]);
  const effects = new Map(contexts.flatMap((context) => context.effects ?? []).map((effect) => [effect.name, effect]));
  return buildRegistry(patch([engineContext(effects)]).concat(contexts));
};
