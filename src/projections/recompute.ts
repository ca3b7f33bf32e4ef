import { type Position, type StreamName, streamErased } from '../core/event.ts';
import { jobOfKey } from '../core/ids.ts';
import { defineProjection, type Key, type Row } from '../core/projection.ts';
import type { Registry } from '../core/registry.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Commit, ReadModels } from '../ports/read-models.ts';
import { dueIndexName, duesOfState, replaceDues, scopeOf, storedDues, toStored } from './due-index.ts';
import { type ActorRow, listActors } from './due-queries.ts';
import type { Tail } from './tail.ts';
import { type Wave, wavesOf } from './waves.ts';

export type { Wave };

export type RecomputeDeps = {
  readonly registry: Registry;
  readonly readModels: ReadModels;
  readonly tail: Pick<Tail, 'paused'>;
  readonly store: EventStore;
  /** Builds the due index anew: when a context is back whose actors it may not have. */
  rebuild(): Promise<unknown>;
  /** Ends it between two pages; the next start begins anew. */
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  /** Told of each schedule that this build or these settings make due for so many at once; resolves when it is held. */
  hold(wave: Wave): Promise<void>;
  /** Told of an actor whose `dueAt` threw: it keeps the due instants that it had. */
  readonly onBadActor?: (stream: string, error: unknown) => void;
};

const pageSize = 1_000;

/** Remembers under which build and settings the due instants were asked for, and of which categories. */
const mark = defineProjection({
  name: 'due-fingerprint',
  version: 2,
  tables: [{ name: 'due_fingerprint', columns: { id: 'integer', value: 'text', categories: 'json' }, key: ['id'] }],
  apply: () => undefined,
});
const beginning = '0'.padStart(16, '0') as Position;

type Changes = { readonly puts: { table: string; row: Row }[]; readonly removes: { table: string; key: Key }[] };

const commitAt = (readModels: ReadModels, projection: string, changes: Changes, at: Pick<Commit, 'previous' | 'next'>): Promise<void> =>
  readModels.commit({ projection, build: 'live', ...changes, removeWheres: [], ...at });

/** Asks one actor's state again for its due instants; true when they, or its scope, are others than before. */
const ask = ({ registry, onBadActor }: RecomputeDeps, actor: ActorRow, changes: Changes): boolean => {
  const row = actor as unknown as Row;
  const before = storedDues(row);
  try {
    const after = duesOfState(registry, actor.stream as StreamName, actor.owner, actor.state);
    const scope = scopeOf(registry.dues.get(actor.category) ?? [], actor.state);
    if (scope === actor.scope && JSON.stringify(before) === JSON.stringify(after)) return false;
    replaceDues(
      {
        put: (table, each) => void changes.puts.push({ table, row: each }),
        remove: (table, key) => void changes.removes.push({ table, key }),
      },
      before,
      after,
    );
    changes.puts.push({ table: 'actors', row: { ...row, scope, dues: toStored(after) } });
    return true;
  } catch (error) {
    onBadActor?.(actor.stream, error);
    return false;
  }
};

/** One page of actors, while the index stands still; the tail goes on between pages. */
const recomputePage = async (
  deps: RecomputeDeps,
  read: () => Promise<readonly ActorRow[]>,
): Promise<{ page: readonly ActorRow[]; changed: number }> => {
  return deps.tail.paused(dueIndexName, async () => {
    const at = await deps.readModels.checkpoint(dueIndexName);
    const page = at === null ? [] : await read();
    const changes: Changes = { puts: [], removes: [] };
    const changed = page.filter((actor) => ask(deps, actor, changes)).length;
    if (at !== null && changed > 0) await commitAt(deps.readModels, dueIndexName, changes, { previous: at, next: at });
    return { page, changed };
  });
};

const recomputeCategory = async (deps: RecomputeDeps, category: string): Promise<number> => {
  let changed = 0;
  for (let after: string | undefined; ; ) {
    const place = after === undefined ? {} : { after };
    const done = await recomputePage(deps, () => listActors(deps.readModels, category, { limit: pageSize, ...place }));
    changed += done.changed;
    after = done.page.at(-1)?.stream;
    if (done.page.length < pageSize || deps.signal?.aborted) return changed;
  }
};

/** Names that dues are filed under and that no job or timer has any more. */
const orphanNames = async ({ registry, readModels }: RecomputeDeps): Promise<readonly string[]> => {
  const known = new Set([...registry.dues.values()].flat().map((due) => due.name));
  const orphans: string[] = [];
  for (let from: string | undefined; ; ) {
    const [row] = await readModels.list('dues', { limit: 1, ...(from === undefined ? {} : { from }) });
    if (row === undefined) return orphans;
    const name = row.name as string;
    if (!known.has(name) && !known.has(jobOfKey(name))) orphans.push(name);
    from = `${name}\u0000`;
  }
};

/** Takes back the due instants of a job that is gone. */
const recomputeOrphan = async (deps: RecomputeDeps, name: string): Promise<number> => {
  const { readModels } = deps;
  let changed = 0;
  for (let after: Row | undefined; ; ) {
    const rows = await readModels.list('dues', { where: { name }, limit: pageSize, ...(after === undefined ? {} : { after }) });
    const keys = rows.map((row) => [row.stream as string]);
    const read = async (): Promise<readonly ActorRow[]> =>
      (await readModels.get('actors', keys)).filter((row) => row !== null) as unknown as readonly ActorRow[];
    changed += (await recomputePage(deps, read)).changed;
    after = rows.at(-1);
    if (rows.length < pageSize || deps.signal?.aborted) return changed;
  }
};

/** True when the log has actors of categories that the index was kept without: their context was off, and a rebuild left them out. */
const missing = async ({ store }: RecomputeDeps, known: readonly string[], categories: readonly string[]): Promise<boolean> => {
  const added = categories.filter((category) => !known.includes(category));
  if (added.length === 0) return false;
  for await (const page of store.readAll({ categories: added, pageSize: 1 }))
    if (page.events.some(({ type }) => type !== streamErased)) return true;
  return false;
};

/**
 * `dueAt` may answer otherwise under another build or other settings: on the first start with them, it is asked again for
 * every stored state, in pages, so that it may go on in the background; planning waits for the promise. `fingerprint` tells build
 * and settings apart. Returns how many actors changed. Ended half-way, it begins anew at the next start.
 */
export const recomputeDues = async (deps: RecomputeDeps, fingerprint: string): Promise<number> => {
  const { registry, readModels } = deps;
  const previous = await readModels.open(mark, 'live');
  const [known] = await readModels.get('due_fingerprint', [[1]]);
  const categories = [...registry.deciders.keys()].sort();
  const before = (known?.categories as readonly string[] | undefined) ?? categories;
  if (known?.value === fingerprint && before.length === categories.length) return 0;
  if (await missing(deps, before, categories)) await deps.rebuild();
  if (known !== undefined && known !== null)
    for (const category of registry.dues.keys()) for (const wave of await wavesOf(deps, category)) await deps.hold(wave);
  let changed = 0;
  for (const category of registry.dues.keys()) changed += await recomputeCategory(deps, category);
  for (const name of await orphanNames(deps)) changed += await recomputeOrphan(deps, name);
  if (deps.signal?.aborted) return changed;
  const next = (await readModels.checkpoint(dueIndexName)) ?? beginning;
  const puts = [{ table: 'due_fingerprint', row: { id: 1, value: fingerprint, categories } }];
  await commitAt(readModels, mark.name, { puts, removes: [] }, { previous, next });
  return changed;
};

const lookAgainMs = 200;
const otherBuildMs = 60_000;

/**
 * Resolves when another process has asked all due instants again under this fingerprint, and when aborted. In a roll-out the leader may be
 * of another build for long: then it is waited for a minute only. An actor is asked itself when it is settled; the index only
 * chooses who is asked. Returns whether it was so.
 */
export const recomputedElsewhere = async (
  { readModels, clock }: { readonly readModels: ReadModels; readonly clock: Clock },
  fingerprint: string,
  signal: AbortSignal,
): Promise<boolean> => {
  const until = clock.monotonic() + otherBuildMs;
  while (!signal.aborted && clock.monotonic() < until) {
    try {
      await readModels.open(mark, 'live');
      const [known] = await readModels.get('due_fingerprint', [[1]]);
      if (known?.value === fingerprint) return true;
    } catch {
      // The read models are away: they are asked again.
    }
    await clock.sleep(lookAgainMs, signal);
  }
  return false;
};
