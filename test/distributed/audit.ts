import { type Acked, auditStores } from '../../chaos/auditor.ts';
import { openPostgresReadModels } from '../../src/adapters/postgres/index.ts';
import type { ContextDefinition } from '../../src/core/context.ts';
import type { EventStore } from '../../src/ports/event-store.ts';
import { registryOf } from '../support/virtual.ts';

/** Of each context: few, so that they start fast. */
export const usualPartitions = 8;
/** What began this long before the end may be unfinished. */
const graceMs = 5_000;

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
