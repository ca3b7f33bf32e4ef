import { engineContext } from '../src/contexts/engine/index.ts';
import { giving } from '../src/contexts/giving/index.ts';
import { buildRegistry, type Registry } from '../src/core/registry.ts';
import { type ContextDefinition, cron } from '../src/index.ts';
import { type Call, payContext } from './pay.ts';

/** Partitions of each context in every chaos folder: few, so that they start fast. */
export const partitions = 8;

/**
 * Charity as it is, but in a hurry: escrows are released every other second, so that a run sees many slots, and a message
 * that a kill cut off is given up after two seconds and the engine's ten.
 */
const hurried: ContextDefinition = {
  ...giving,
  build: (settings) => {
    const built = giving.build(settings);
    return {
      ...built,
      jobs: (built.jobs ?? []).map((job) => ({ ...job, schedule: cron('*/2 * * * * *') })),
      effects: (built.effects ?? []).map((effect) => ({ ...effect, timeoutSeconds: 2, attempts: 20 })),
    };
  },
};

export const chaosContexts = (call: Call): readonly ContextDefinition[] => [hurried, payContext(call)];

/** The registry as `src/app.ts` makes it, of the chaos contexts. */
export const chaosRegistry = (call: Call, settings: { readonly tidy?: boolean } = {}): Registry => {
  const contexts = chaosContexts(call).map((each) => each.build(each.name === 'pay' ? { tidy: settings.tidy ?? false } : {}));
  const effects = new Map(contexts.flatMap((context) => context.effects ?? []).map((effect) => [effect.name, effect]));
  return buildRegistry([engineContext(effects), ...contexts]);
};

/** For the auditor, which calls nobody. */
export const auditRegistry = (settings: { readonly tidy?: boolean } = {}): Registry =>
  chaosRegistry(async () => ({ kind: 'failed', message: 'the auditor calls nobody', final: true }), settings);
