import { join } from 'node:path';
import { openSqliteEventStore } from '../src/adapters/sqlite/event-store.ts';
import { openSqliteReadModels } from '../src/adapters/sqlite/read-models.ts';
import { createSystemClock } from '../src/adapters/system/clock.ts';
import type { RecordedEvent } from '../src/core/event.ts';
import type { Registry } from '../src/core/registry.ts';
import { projectionsOf } from '../src/engine.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import type { ReadModels } from '../src/ports/read-models.ts';
import { type End, watchEffects, watchItems, watchSchedules } from './audit/engine.ts';
import type { Finding, Say, Watcher } from './audit/finding.ts';
import { createModelCheck } from './audit/models.ts';
import { watchEscrows, watchOrders } from './audit/orders.ts';
import { type Acked, watchAcked, watchStreams } from './audit/streams.ts';
import type { Ledger } from './provider-client.ts';

export type { Acked, Finding };

/** What is held against what. */
export type Audit = {
  readonly registry: Registry;
  readonly partitions: number;
  readonly acked: readonly Acked[];
  readonly ledger: Ledger;
  readonly end: End;
  /** Streams that were erased on purpose. */
  readonly erased?: readonly string[];
  /** The log is an older one: what the provider was asked for after it is not in there. */
  readonly restored?: boolean;
  /** Projections whose live rows may differ from a fold of what is left of the log: erased and trimmed events are in them. */
  readonly unlike?: readonly string[];
};

const pageSize = 1_000;
/** Findings kept of a run; the rest is counted only. */
const mostFindings = 100_000;

const watchersOf = (say: Say, { registry, acked, ledger, end, erased, restored }: Audit): readonly Watcher[] => [
  watchStreams(say),
  watchAcked(say, acked, new Set(erased)),
  watchOrders(say),
  watchEscrows(say),
  watchSchedules(say, end),
  watchEffects(say, registry, ledger, restored ?? false),
  watchItems(say, registry),
];

/** Reads a log and its read models, with nobody writing, and says what is lost, doubled, stuck or wrong. */
export const auditStores = async (store: EventStore, readModels: ReadModels, audit: Audit): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  const say: Say = (kind, text) => void (findings.length < mostFindings && findings.push({ kind, text }));
  const watchers = watchersOf(say, audit);
  const projections = projectionsOf(audit.registry, audit.partitions).filter(({ name }) => !audit.unlike?.includes(name));
  const models = await createModelCheck(readModels, projections, say);
  const see = (event: RecordedEvent): void => {
    for (const watcher of watchers) watcher.see(event);
  };
  for await (const page of store.readAll({ pageSize })) {
    page.events.forEach(see);
    await models.see(page);
  }
  for (const watcher of watchers) watcher.end();
  await models.end();
  return findings;
};

/** Audits the folder of a Carillon that has ended. */
export const auditFolder = async (folder: string, audit: Audit): Promise<readonly Finding[]> => {
  const store = openSqliteEventStore({ file: join(folder, 'events.db'), clock: createSystemClock() });
  const readModels = openSqliteReadModels({ file: join(folder, 'models.db') });
  try {
    return await auditStores(store, readModels, audit);
  } finally {
    await readModels.close();
    await store.close();
  }
};
