import type { AnyDecider } from '../core/decider.ts';
import { commandRejected, type RecordedEvent, type StreamName, streamErased } from '../core/event.ts';
import { scheduleKey } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import { queueKey } from '../core/partition.ts';
import { defineProjection, type Projection, type Row, type Rows } from '../core/projection.ts';
import type { Due, Registry } from '../core/registry.ts';
import { categoryOf } from '../core/stream.ts';

export const dueIndexName = 'due-index';

/** Raised when the fold itself changes; a changed `dueAt` only needs `recomputeDues`. */
const version = 3;

/** The name that a due instant is filed under: the job, or its schedule's key when the job has scopes. */
export const dueName = (due: Due, state: Json): string =>
  due.scopeOf === undefined ? due.name : scheduleKey(due.name, due.scopeOf(state));

/** The due instants of one actor's state, as rows of `dues`. */
export const duesOfState = (registry: Registry, stream: StreamName, owner: string, state: Json): readonly Row[] =>
  (registry.dues.get(categoryOf(stream)) ?? []).flatMap((due) => {
    const at: Instant | null = due.transition.dueAt(state);
    return at === null ? [] : [{ name: dueName(due, state), owner, at, stream }];
  });

/** The due instants that an actor's row keeps, so that they can be taken back: name and instant of each. */
export const toStored = (dues: readonly Row[]): Json => dues.map((row) => [row.name as string, row.at as string]);
export const storedDues = ({ dues, owner, stream }: Row): readonly Row[] =>
  (dues as readonly (readonly [string, string])[]).map(([name, at]) => ({ name, owner: owner as string, at, stream: stream as string }));

const dueKey = (row: Row) => [row.name, row.owner, row.at, row.stream] as [string, string, string, string];

/** Writes what changed between two lists of due instants. */
export const replaceDues = (rows: Pick<Rows, 'put' | 'remove'>, before: readonly Row[], after: readonly Row[]): void => {
  for (const row of before) if (!after.some((next) => next.name === row.name && next.at === row.at)) rows.remove('dues', dueKey(row));
  for (const row of after) if (!before.some((old) => old.name === row.name && old.at === row.at)) rows.put('dues', row);
};

/** The scope whose schedule an actor follows; empty without one. */
export const scopeOf = (dues: readonly Due[], state: Json): string => dues.find((due) => due.scopeOf !== undefined)?.scopeOf?.(state) ?? '';

/**
 * A row only grows event by event. After one that was left out as bad it keeps its revision: work from such a row is in conflict
 * and reads the stream, whereas a later revision on a state with a hole would pass as true. A fold carries the whole state.
 */
const assertNext = (event: RecordedEvent, row: Row | null, decider: AnyDecider): void => {
  const next = row === null ? 0 : (row.revision as number) + 1;
  if (event.revision !== next && event.type !== decider.foldedBy)
    throw new Error(`${event.stream} misses revision ${next}; correct what left it out, then rebuild "${dueIndexName}"`);
};

/** An actor's row after an event, with its due instants. */
const fold = (registry: Registry, decider: AnyDecider, event: RecordedEvent, row: Row, rows: Rows): void => {
  const { stream, revision, metadata } = event;
  if (event.type === commandRejected) return rows.put('actors', { ...row, revision });
  const state = decider.evolve(row.state as Json, event);
  const dues = registry.dues.get(decider.category);
  const asOf = row.asOf !== null && (row.asOf as string) > metadata.asOf ? row.asOf : metadata.asOf;
  const next = { ...row, revision, asOf, state } as Row;
  if (dues === undefined) return rows.put('actors', next);
  const after = duesOfState(registry, stream, row.owner as string, state);
  replaceDues(rows, storedDues(row), after);
  rows.put('actors', { ...next, scope: scopeOf(dues, state), dues: toStored(after) });
};

/**
 * One row per actor with its state, and one per due instant: no job writes a "find the due rows" query (design section 8).
 * Tables `actors` (key stream) and `dues` (key name, owner, at, stream).
 */
export const dueIndex = (registry: Registry, partitions: number): Projection => {
  const apply = (event: RecordedEvent, rows: Rows): void => {
    const { stream } = event;
    const category = categoryOf(stream);
    const decider = registry.deciders.get(category);
    if (decider === undefined) return;
    const row = rows.get('actors', [stream]);
    if (event.type === streamErased) {
      for (const due of row === null ? [] : storedDues(row)) rows.remove('dues', dueKey(due));
      rows.remove('actors', [stream]);
      return;
    }
    assertNext(event, row, decider);
    const owner = row === null ? queueKey(stream, partitions) : (row.owner as string);
    const fresh: Row = { stream, category, owner, scope: '', revision: -1, asOf: null, state: decider.initial, dues: [] };
    fold(registry, decider, event, row ?? fresh, rows);
  };
  return defineProjection({
    name: dueIndexName,
    version,
    tables: [
      {
        name: 'actors',
        columns: {
          stream: 'text',
          category: 'text',
          owner: 'text',
          scope: 'text',
          revision: 'integer',
          asOf: 'text',
          state: 'json',
          dues: 'json',
        },
        key: ['stream'],
      },
      {
        name: 'dues',
        columns: { name: 'text', owner: 'text', at: 'text', stream: 'text' },
        key: ['name', 'owner', 'at', 'stream'],
        indexes: [['name', 'at']],
      },
    ],
    reads: (event) => (event.revision === 0 && event.type !== streamErased ? [] : [{ table: 'actors', key: [event.stream] }]),
    apply,
  });
};
