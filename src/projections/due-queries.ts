import type { StreamName } from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import type { Row } from '../core/projection.ts';
import type { ReadModels } from '../ports/read-models.ts';

/** An actor as the due index has it. */
export type ActorRow = {
  readonly stream: string;
  readonly category: string;
  /** `context.partition`. */
  readonly owner: string;
  readonly scope: string;
  readonly revision: number;
  readonly asOf: Instant | null;
  readonly state: Json;
};

/** An actor that is due, and since when. */
export type DueRow = ActorRow & { readonly at: Instant };

const toActor = (row: Row): ActorRow => row as unknown as ActorRow;

const withActors = async (readModels: ReadModels, dues: readonly Row[]): Promise<readonly DueRow[]> => {
  const actors = await readModels.get(
    'actors',
    dues.map((row) => [row.stream as string]),
  );
  return dues.flatMap((row, index) => {
    const actor = actors[index];
    return actor === null || actor === undefined ? [] : [{ ...toActor(actor), at: row.at as Instant }];
  });
};

/** What is due under `name` in one partition up to an instant, in order of (due, actor), with the actors' states. */
export const pageDue = async (
  readModels: ReadModels,
  { name, owner, upTo, after, limit }: { name: string; owner: string; upTo: Instant; after?: DueRow; limit: number },
): Promise<readonly DueRow[]> => {
  const place = after === undefined ? {} : { after: { at: after.at, stream: after.stream } };
  return withActors(readModels, await readModels.list('dues', { where: { name, owner }, to: upTo, limit, ...place }));
};

/** A due actor's place in the index, without its state. */
export type DuePlace = { readonly at: Instant; readonly owner: string; readonly stream: StreamName };

/** What is due under `name` in any partition, without states; for the internal timer. */
export const pageDueAnywhere = async (
  readModels: ReadModels,
  { name, upTo, after, limit }: { name: string; upTo: Instant; after?: DuePlace; limit: number },
): Promise<readonly DuePlace[]> => {
  const place = after === undefined ? {} : { after: { ...after } };
  return (await readModels.list('dues', {
    index: ['name', 'at'],
    where: { name },
    to: upTo,
    limit,
    ...place,
  })) as unknown as readonly DuePlace[];
};

/** What is due under `name` in all partitions, in order of (due, actor), with the actors' states; for simulation. */
export const pageDueEverywhere = async (
  readModels: ReadModels,
  { name, upTo, after, limit }: { name: string; upTo: Instant; after?: DueRow; limit: number },
): Promise<readonly DueRow[]> => {
  const place = after === undefined ? {} : { after: { at: after.at, owner: after.owner, stream: after.stream } };
  return withActors(readModels, await readModels.list('dues', { index: ['name', 'at'], where: { name }, to: upTo, limit, ...place }));
};

/** How many actors are due under `name` up to an instant, by partition; partitions without any are left out. */
export const countDueByOwner = async (
  readModels: ReadModels,
  name: string,
  upTo: Instant,
): Promise<{ readonly [owner: string]: number }> => {
  const counts: Record<string, number> = {};
  // Skips from owner to owner along the key: one count per partition that has rows.
  for (let from: string | undefined; ; ) {
    const [row] = await readModels.list('dues', { where: { name }, limit: 1, ...(from === undefined ? {} : { from }) });
    if (row === undefined) return counts;
    const owner = row.owner as string;
    const count = await readModels.count('dues', { where: { name, owner }, to: upTo });
    if (count > 0) counts[owner] = count;
    from = `${owner}\u0000`;
  }
};

/** The earliest due instant under `name`, also in the future; null when nothing is due ever. */
export const firstDueAt = async (readModels: ReadModels, name: string): Promise<Instant | null> => {
  const [row] = await readModels.list('dues', { index: ['name', 'at'], where: { name }, limit: 1 });
  return row === undefined ? null : (row.at as Instant);
};

/** A category's streams lie together in the order of their names. */
export const streamsOf = (category: string): { readonly from: string; readonly to: string } => ({
  from: `${category}-`,
  to: `${category}-\uffff`,
});

/** How many actors a category has. */
export const population = (readModels: ReadModels, category: string): Promise<number> => readModels.count('actors', streamsOf(category));

export const actorRow = async (readModels: ReadModels, stream: string): Promise<ActorRow | null> => {
  const [row] = await readModels.get('actors', [[stream]]);
  return row === null || row === undefined ? null : toActor(row);
};

/** Actors of a category in order of their stream, after one. */
export const listActors = async (
  readModels: ReadModels,
  category: string,
  { after, limit }: { after?: string; limit: number },
): Promise<readonly ActorRow[]> => {
  const rows = await readModels.list('actors', {
    ...streamsOf(category),
    limit,
    ...(after === undefined ? {} : { after: { stream: after } }),
  });
  return rows.map(toActor);
};
