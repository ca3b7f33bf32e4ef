import { type Acked, auditStores } from '../../chaos/auditor.ts';
import { openPostgresReadModels } from '../../src/adapters/postgres/index.ts';
import { engineContext } from '../../src/contexts/engine/index.ts';
import type { ContextDefinition } from '../../src/core/context.ts';
import { buildRegistry, type Registry } from '../../src/core/registry.ts';
import type { EventStore } from '../../src/ports/event-store.ts';

/** Of each context: few, so that they start fast. */
export const usualPartitions = 8;
/** What began this long before the end may be unfinished. */
const graceMs = 5_000;

/** The registry of these contexts with their defaults, as the app makes it. */
export const registryOf = (definitions: readonly ContextDefinition[]): Registry => {
  const contexts = definitions.map((each) => each.build(each.defaults));
  const effects = new Map(contexts.flatMap((context) => context.effects ?? []).map((effect) => [effect.name, effect]));
  return buildRegistry([engineContext(effects), ...contexts]);
};

export type Audited = {
  readonly url: string;
  readonly store: EventStore;
  readonly contexts: readonly ContextDefinition[];
  readonly partitions: number;
  readonly acked: readonly Acked[];
  /** When the processes were told to end, in milliseconds. */
  readonly endedAt: number;
};

/** Holds the log against what the client was told, against itself and against the read models; nobody writes any more. */
export const auditCluster = async ({ url, store, contexts, partitions, acked, endedAt }: Audited): Promise<readonly string[]> => {
  const readModels = await openPostgresReadModels({ url });
  try {
    const end = { at: endedAt, graceMs };
    const found = await auditStores(store, readModels, { registry: registryOf(contexts), partitions, acked, ledger: {}, end });
    return found.map(({ kind, text }) => `${kind}: ${text}`);
  } finally {
    await readModels.close();
  }
};
