import type { Config } from './config.ts';
import { engineContext } from './contexts/engine/index.ts';
import type { Effect } from './core/effect.ts';
import { buildRegistry, type Registry } from './core/registry.ts';
import { withDeliveries } from './publish/with-deliveries.ts';

/** All contexts of a configuration, and the engine's own, with the settings of each job applied; `delivery` calls webhooks. Throws `definition-invalid`. */
export const registryOf = (config: Config, delivery: Effect): Registry => {
  const contexts = config.contexts.map((definition) => {
    const built = definition.build(config.settings[definition.name] ?? {});
    const apply = <T extends { readonly name: string }>(item: T): T => ({ ...item, ...config.jobs[item.name] });
    return { ...built, jobs: (built.jobs ?? []).map(apply), tasks: (built.tasks ?? []).map(apply) };
  });
  const effects = new Map(contexts.flatMap((context) => context.effects ?? []).map((effect) => [effect.name, effect]));
  const registry = buildRegistry([engineContext(withDeliveries(effects, delivery)), ...contexts]);
  return { ...registry, effects: withDeliveries(registry.effects, delivery) };
};

/** The reactors of all contexts, which are placed in the log before a moved Carillon starts. */
export const reactorNames = (config: Config): readonly string[] =>
  config.contexts.flatMap(({ name, build }) => build(config.settings[name] ?? {}).reactors ?? []).map(({ name }) => name);
