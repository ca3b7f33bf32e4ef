import type { StreamName } from '../core/event.ts';
import type { Row } from '../core/projection.ts';
import type { Registry } from '../core/registry.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { dueIndexName, duesOfState, replaceDues, storedDues, toStored } from './due-index.ts';
import { listActors } from './due-queries.ts';
import type { Tail } from './tail.ts';

const pageSize = 1_000;
const name = 'due-fingerprint';

/**
 * `dueAt` may answer otherwise under another build or other settings: on the first start with them, it is asked again for
 * every stored state. `fingerprint` tells build and settings apart. Returns how many actors changed.
 */
export const recomputeDues = async (
  deps: { registry: Registry; readModels: ReadModels; tail: Pick<Tail, 'paused'> },
  fingerprint: string,
): Promise<number> => {
  const { registry, readModels } = deps;
  const mark = {
    name,
    version: 1,
    tables: [{ name: 'due_fingerprint', columns: { id: 'integer' as const, value: 'text' as const }, key: ['id'] }],
    apply: () => undefined,
  };
  const checkpoint = await readModels.open(mark, 'live');
  const [known] = await readModels.get('due_fingerprint', [[1]]);
  if (known?.value === fingerprint) return 0;
  let changed = 0;
  await deps.tail.paused(dueIndexName, async () => {
    const at = await readModels.checkpoint(dueIndexName);
    if (at === null) return;
    for (const category of registry.dues.keys()) changed += await recomputeCategory(deps, category);
  });
  const next = ((await readModels.checkpoint(dueIndexName)) ?? '0'.padStart(16, '0')) as NonNullable<typeof checkpoint>;
  await readModels.commit({
    projection: name,
    build: 'live',
    puts: [{ table: 'due_fingerprint', row: { id: 1, value: fingerprint } }],
    removes: [],
    removeWheres: [],
    previous: checkpoint,
    next,
  });
  return changed;
};

const recomputeCategory = async (
  { registry, readModels }: { registry: Registry; readModels: ReadModels },
  category: string,
): Promise<number> => {
  let changed = 0;
  for (let after: string | undefined; ; ) {
    const page = await listActors(readModels, category, { limit: pageSize, ...(after === undefined ? {} : { after }) });
    const puts: { table: string; row: Row }[] = [];
    const removes: { table: string; key: readonly (string | number)[] }[] = [];
    const rows = {
      put: (table: string, row: Row) => void puts.push({ table, row }),
      remove: (table: string, key: readonly (string | number)[]) => void removes.push({ table, key }),
    };
    for (const actor of page) {
      const before = storedDues(actor as unknown as Row);
      const next = duesOfState(registry, actor.stream as StreamName, actor.owner, actor.state);
      if (JSON.stringify(before) === JSON.stringify(next)) continue;
      changed += 1;
      replaceDues(rows, before, next);
      puts.push({ table: 'actors', row: { ...(actor as unknown as Row), dues: toStored(next) } });
    }
    const at = await readModels.checkpoint(dueIndexName);
    if (puts.length + removes.length > 0 && at !== null)
      await readModels.commit({ projection: dueIndexName, build: 'live', puts, removes, removeWheres: [], previous: at, next: at });
    after = page.at(-1)?.stream;
    if (page.length < pageSize) return changed;
  }
};
