import { CarillonError } from '../core/errors.ts';
import type { Row } from '../core/projection.ts';
import { fromCursor, toCursor } from './cursor.ts';
import type { Service } from './service.ts';

/** One place on a board. */
export type Place = { readonly rank: number; readonly player: string; readonly score: string; readonly at: string };

const maxBoards = 200;
const byRank = ['board', 'rank'] as const;

const tablesOf = (service: Service): string[] =>
  service.registry.projections.filter((projection) => projection.name.startsWith('board_')).map((projection) => projection.name);

/** The names of the boards that have entries: one step along the key for each. */
export const listBoards = async (service: Service): Promise<string[]> => {
  const boards: string[] = [];
  for (const table of tablesOf(service)) {
    for (let from = ''; boards.length < maxBoards; ) {
      const [row] = await service.readModels.list(table, { from, limit: 1 });
      if (!row) break;
      boards.push(String(row.board));
      from = `${String(row.board)}\u0001`;
    }
  }
  return boards;
};

/** The table that holds a board. Throws `not-found` for one without entries. */
const tableOf = async (service: Service, board: string): Promise<string> => {
  for (const table of tablesOf(service)) {
    const rows = await service.readModels.list(table, { where: { board }, limit: 1 });
    if (rows.length > 0) return table;
  }
  throw new CarillonError('not-found', `The board "${board.slice(0, 100)}" has no entries`);
};

const placeOf = (row: Row, rank: number): Place => ({ rank, player: String(row.player), score: String(row.score), at: String(row.at) });

/** A page of a board, best first. */
export const topOf = async (
  service: Service,
  board: string,
  limit: number,
  cursor: string | undefined,
): Promise<{ places: Place[]; next: string | null }> => {
  const table = await tableOf(service, board);
  const after = fromCursor(cursor);
  const place = after && { rank: String(after.rank), player: String(after.player) };
  const first = after ? Number(after.nth) + 1 : 1;
  const rows = await service.readModels.list(table, {
    index: byRank,
    where: { board },
    limit: limit + 1,
    ...(place ? { after: { ...place, board } } : {}),
  });
  const places = rows.slice(0, limit).map((row, index) => placeOf(row, first + index));
  const last = rows[limit - 1];
  const next =
    rows.length > limit && last ? toCursor({ rank: String(last.rank), player: String(last.player), nth: first + limit - 1 }) : null;
  return { places, next };
};

/** Where a player stands. Throws `not-found` for one who is not on the board. */
export const placeOfPlayer = async (service: Service, board: string, player: string): Promise<Place> => {
  const table = await tableOf(service, board);
  const [row] = await service.readModels.get(table, [[board, player]]);
  if (!row) throw new CarillonError('not-found', `"${player.slice(0, 100)}" is not on this board`);
  const rank = await service.readModels.count(table, { index: byRank, where: { board }, to: String(row.rank) });
  return placeOf(row, rank);
};
