import type { Position, RecordedEvent } from '../core/event.ts';
import { streamErased } from '../core/event.ts';
import type { Key, Projection, Row, Rows } from '../core/projection.ts';
import { categoryOf } from '../core/stream.ts';
import type { Build, Commit, ReadModels } from '../ports/read-models.ts';

/** Told when one event could not be applied; the projection goes on without its rows. */
export type BadEvent = (projection: string, event: RecordedEvent, error: unknown) => void;

type Entry = { readonly table: string; readonly key: Key; readonly row: Row | null; readonly dirty: boolean };
type Overlay = Map<string, Entry>;
type Where = { readonly table: string; readonly column: string; readonly value: string };

const nameOf = (table: string, key: Key): string => `${table}\n${key.join('\n')}`;

const concerns = (projection: Projection): ((event: RecordedEvent) => boolean) => {
  const types = projection.types && new Set(projection.types);
  const categories = projection.categories && new Set(projection.categories);
  return (event) =>
    event.type === streamErased || ((types?.has(event.type) ?? true) && (categories?.has(categoryOf(event.stream)) ?? true));
};

/** Rows of one batch: what was loaded, what was written, and what must go. `undo` keeps what one event replaced. */
const createRows = (projection: Projection, overlay: Overlay, wheres: Where[], undo: Map<string, Entry | undefined>): Rows => {
  const keys = new Map(projection.tables.map((table) => [table.name, table.key]));
  const set = (table: string, key: Key, row: Row | null): void => {
    const name = nameOf(table, key);
    if (!undo.has(name)) undo.set(name, overlay.get(name));
    overlay.set(name, { table, key, row, dirty: true });
  };
  return {
    get: (table, key) => overlay.get(nameOf(table, key))?.row ?? null,
    put: (table, row) =>
      set(
        table,
        keys.get(table)!.map((column) => row[column] as string | number),
        row,
      ),
    remove: (table, key) => set(table, key, null),
    removeWhere: (table, column, value) => {
      wheres.push({ table, column, value });
      for (const entry of [...overlay.values()]) if (entry.table === table && entry.row?.[column] === value) set(table, entry.key, null);
    },
  };
};

type Reads = ReturnType<NonNullable<Projection['reads']>>;

const preload = async (readModels: ReadModels, reads: readonly Reads[], build: Build): Promise<Overlay> => {
  const overlay: Overlay = new Map();
  const wanted = new Map<string, Map<string, Key>>();
  for (const { table, key } of reads.flat()) {
    const keys = wanted.get(table) ?? new Map<string, Key>();
    wanted.set(table, keys);
    keys.set(nameOf(table, key), key);
  }
  for (const [table, keys] of wanted) {
    const rows = await readModels.get(table, [...keys.values()], build);
    [...keys].forEach(([name, key], index) => {
      overlay.set(name, { table, key, row: rows[index] ?? null, dirty: false });
    });
  }
  return overlay;
};

/**
 * Applies a page of events to one projection and commits rows and checkpoint together. Rows that a bad event had begun to
 * write are taken back; the event is reported and passed over.
 */
export const project = async (
  readModels: ReadModels,
  projection: Projection,
  page: { readonly events: readonly RecordedEvent[]; readonly upTo: Position },
  previous: Position | null,
  options: { readonly build?: Build; readonly onBadEvent?: BadEvent } = {},
): Promise<number> => {
  const build = options.build ?? 'live';
  const matches = concerns(projection);
  const events = page.events.filter((event) => (previous === null || event.position > previous) && matches(event));
  const readable: RecordedEvent[] = [];
  const reads: Reads[] = [];
  for (const event of events) {
    try {
      reads.push(projection.reads?.(event) ?? []);
      readable.push(event);
    } catch (error) {
      options.onBadEvent?.(projection.name, event, error);
    }
  }
  const overlay = await preload(readModels, reads, build);
  const removeWheres: Where[] = [];
  const undo = new Map<string, Entry | undefined>();
  const rows = createRows(projection, overlay, removeWheres, undo);
  for (const event of readable) {
    const wheres = removeWheres.length;
    undo.clear();
    try {
      projection.apply(event, rows);
    } catch (error) {
      for (const [name, entry] of undo) entry === undefined ? overlay.delete(name) : overlay.set(name, entry);
      removeWheres.length = wheres;
      options.onBadEvent?.(projection.name, event, error);
    }
  }
  const dirty = [...overlay.values()].filter((entry) => entry.dirty);
  const commit: Commit = {
    projection: projection.name,
    build,
    puts: dirty.flatMap((entry) => (entry.row === null ? [] : [{ table: entry.table, row: entry.row }])),
    removes: dirty.flatMap((entry) => (entry.row === null ? [{ table: entry.table, key: entry.key }] : [])),
    removeWheres,
    previous,
    next: page.upTo,
  };
  await readModels.commit(commit);
  return events.length;
};
