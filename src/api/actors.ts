import type { StreamName } from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import { actorRow, listActors as pageOfActors } from '../projections/due-queries.ts';
import { fromCursor, toCursor } from './cursor.ts';
import type { Service } from './service.ts';

/** An actor as its row has it: the state of its last event, not settled further. */
export type Actor = { readonly stream: StreamName; readonly revision: number; readonly asOf: Instant | null; readonly state: Json };

export const getActor = async ({ readModels }: Service, stream: StreamName): Promise<Actor | null> =>
  (await actorRow(readModels, stream)) as Actor | null;

export type PageQuery = { readonly limit?: number; readonly cursor?: string };

/** One page of a category's actors, by stream name. */
export const listActors = async (
  { readModels }: Service,
  category: string,
  query: PageQuery,
): Promise<{ rows: readonly Actor[]; next: string | null }> => {
  const { limit = 50 } = query;
  const after = fromCursor(query.cursor)?.stream;
  const rows = (await pageOfActors(readModels, category, {
    limit: limit + 1,
    ...(after === undefined ? {} : { after: String(after) }),
  })) as readonly Actor[];
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last ? toCursor({ stream: last.stream }) : null };
};
