import type { StreamName } from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
import type { JsonObject } from '../core/json.ts';
import type { Row } from '../core/projection.ts';
import { fromCursor, toCursor } from './cursor.ts';
import type { Service } from './service.ts';

/** An actor as its row has it: the state of its last event, not settled further. */
export type ActorRow = { readonly stream: StreamName; readonly category: string; readonly revision: number; readonly asOf: Instant | null; readonly state: JsonObject };

const table = 'actors';

const actorOf = (row: Row): ActorRow => row as unknown as ActorRow;

export const getActor = async ({ readModels }: Service, stream: StreamName): Promise<ActorRow | null> => {
  const [row] = await readModels.get(table, [[stream]]);
  return row ? actorOf(row) : null;
};

export const countActors = ({ readModels }: Service, category: string): Promise<number> => readModels.count(table, { index: ['category', 'stream'], where: { category } });

export type PageQuery = { readonly limit?: number; readonly cursor?: string };

/** One page of a category's actors, by stream name. */
export const listActors = async ({ readModels }: Service, category: string, query: PageQuery): Promise<{ rows: readonly ActorRow[]; next: string | null }> => {
  const { limit = 50 } = query;
  const after = fromCursor(query.cursor);
  const rows = await readModels.list(table, { index: ['category', 'stream'], where: { category }, limit: limit + 1, ...(after ? { after } : {}) });
  const page = rows.slice(0, limit).map(actorOf);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last ? toCursor({ stream: last.stream }) : null };
};
