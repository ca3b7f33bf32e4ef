import type { Position, RecordedEvent } from '../core/event.ts';
import { streamErased } from '../core/event.ts';
import type { Cell, Key, Projection, Row, Rows } from '../core/projection.ts';
import { categoryOf } from '../core/stream.ts';
import type { Build, Commit, ReadModels } from '../ports/read-models.ts';

/** Told when one event could not be applied; the projection goes on without its rows. */
export type BadEvent = (projection: string, event: RecordedEvent, error: unknown) => void;

type Entry = { readonly table: string; readonly key: Key; readonly row: Row | null; readonly dirty: boolean };
type Overlay = Map<string, Entry>;
type Where = { readonly table: string; readonly column: string; readonly value: string };
type Read = { readonly table: string; readonly key: Key };
type Bad = { readonly event: RecordedEvent; readonly error: unknown };

/** One text per key. Each part is told by its length: ids come from outside and may hold any separator. */
const nameOf = (table: string, key: Key): string => {
  let name = table;
  for (const part of key) {
    const text = String(part);
    name += `\n${text.length}:${text}`;
  }
  return name;
};

const concerns = (projection: Projection): ((event: RecordedEvent) => boolean) => {
  const types = projection.types && new Set(projection.types);
  const categories = projection.categories && new Set(projection.categories);
  return (event) =>
    event.type === streamErased || ((types?.has(event.type) ?? true) && (categories?.has(categoryOf(event.stream)) ?? true));
};

const isKeyPart = (cell: Cell | undefined): cell is string | number =>
  typeof cell === 'string' || (typeof cell === 'number' && Number.isFinite(cell));

/** Keys of a projection's own tables; throws for another table and for a key that is not whole, so that it costs one event only. */
const createKeys = (projection: Projection) => {
  const columns = new Map(projection.tables.map((table) => [table.name, table.key]));
  const columnsOf = (table: string): readonly string[] => {
    const found = columns.get(table);
    if (found === undefined) throw new TypeError(`Projection "${projection.name}" has no table "${table}"`);
    return found;
  };
  const whole = (table: string, key: readonly (Cell | undefined)[]): Key => {
    const wanted = columnsOf(table);
    if (key.length !== wanted.length || !key.every(isKeyPart)) throw new TypeError(`A key of "${table}" is ${wanted.join(', ')}`);
    return key;
  };
  return {
    whole,
    ofRow: (table: string, row: Row): Key =>
      whole(
        table,
        columnsOf(table).map((column) => row[column]),
      ),
    table: (table: string): void => void columnsOf(table),
  };
};

type Keys = ReturnType<typeof createKeys>;

/** Rows of one batch: what was loaded, what was written, and what must go. `undo` keeps what one event replaced. */
const createRows = (keys: Keys, overlay: Overlay, wheres: Where[], undo: Map<string, Entry | undefined>): Rows => {
  const set = (table: string, key: Key, row: Row | null): void => {
    const name = nameOf(table, key);
    if (!undo.has(name)) undo.set(name, overlay.get(name));
    overlay.set(name, { table, key, row, dirty: true });
  };
  return {
    get: (table, key) => overlay.get(nameOf(table, key))?.row ?? null,
    put: (table, row) => set(table, keys.ofRow(table, row), row),
    remove: (table, key) => set(table, keys.whole(table, key), null),
    removeWhere: (table, column, value) => {
      keys.table(table);
      wheres.push({ table, column, value });
      for (const entry of [...overlay.values()]) if (entry.table === table && entry.row?.[column] === value) set(table, entry.key, null);
    },
  };
};

const preload = async (readModels: ReadModels, reads: readonly Read[], build: Build): Promise<Overlay> => {
  const overlay: Overlay = new Map();
  const wanted = new Map<string, Map<string, Key>>();
  for (const { table, key } of reads) {
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

type Batch = {
  readonly readModels: ReadModels;
  readonly projection: Projection;
  readonly build: Build;
  readonly onBadEvent: BadEvent | undefined;
};
type Changes = Pick<Commit, 'puts' | 'removes' | 'removeWheres'>;

/** What events change. Rows that a bad event had begun to write are taken back; it lands in `bad`. */
const fold = async ({ readModels, projection, build }: Batch, events: readonly RecordedEvent[], bad: Bad[]): Promise<Changes> => {
  const keys = createKeys(projection);
  const readable: RecordedEvent[] = [];
  const reads: Read[] = [];
  for (const event of events) {
    try {
      const wanted = projection.reads?.(event) ?? [];
      for (const { table, key } of wanted) keys.whole(table, key);
      reads.push(...wanted);
      readable.push(event);
    } catch (error) {
      bad.push({ event, error });
    }
  }
  const overlay = await preload(readModels, reads, build);
  const removeWheres: Where[] = [];
  const undo = new Map<string, Entry | undefined>();
  const rows = createRows(keys, overlay, removeWheres, undo);
  for (const event of readable) {
    const wheres = removeWheres.length;
    undo.clear();
    try {
      projection.apply(event, rows);
    } catch (error) {
      for (const [name, entry] of undo) entry === undefined ? overlay.delete(name) : overlay.set(name, entry);
      removeWheres.length = wheres;
      bad.push({ event, error });
    }
  }
  const dirty = [...overlay.values()].filter((entry) => entry.dirty);
  return {
    puts: dirty.flatMap(({ table, row }) => (row === null ? [] : [{ table, row }])),
    removes: dirty.flatMap(({ table, key, row }) => (row === null ? [{ table, key }] : [])),
    removeWheres,
  };
};

const nothing: Changes = { puts: [], removes: [], removeWheres: [] };

/**
 * Commits events up to a position. A row that cannot be stored (the commit's TypeError) would hold the projection up for good:
 * halves find the event that wrote it, which is then as bad as one that throws.
 */
const commitUpTo = async (batch: Batch, events: readonly RecordedEvent[], previous: Position | null, next: Position): Promise<void> => {
  const { readModels, projection, build } = batch;
  const bad: Bad[] = [];
  const commit = (changes: Changes): Promise<void> => readModels.commit({ ...changes, projection: projection.name, build, previous, next });
  try {
    await commit(await fold(batch, events, bad));
  } catch (error) {
    const [first] = events;
    if (!(error instanceof TypeError) || first === undefined) throw error;
    if (events.length > 1) {
      const half = events.length >> 1;
      const middle = events[half - 1]!.position;
      await commitUpTo(batch, events.slice(0, half), previous, middle);
      return commitUpTo(batch, events.slice(half), middle, next);
    }
    bad.push({ event: first, error });
    await commit(nothing);
  }
  // Only now: what is tried again is not told twice.
  for (const { event, error } of bad) batch.onBadEvent?.(projection.name, event, error);
};

/**
 * Applies a page of events to one projection and commits rows and checkpoint together. A bad event is reported and passed
 * over, whatever is wrong with it. Returns how many events concerned the projection.
 */
export const project = async (
  readModels: ReadModels,
  projection: Projection,
  page: { readonly events: readonly RecordedEvent[]; readonly upTo: Position },
  previous: Position | null,
  options: { readonly build?: Build; readonly onBadEvent?: BadEvent } = {},
): Promise<number> => {
  const matches = concerns(projection);
  const events = page.events.filter((event) => (previous === null || event.position > previous) && matches(event));
  const batch: Batch = { readModels, projection, build: options.build ?? 'live', onBadEvent: options.onBadEvent };
  await commitUpTo(batch, events, previous, page.upTo);
  return events.length;
};
