import { Type } from 'typebox';
import type { App, RouteDeps } from '../app.ts';
import { listBoards, placeOfPlayer, topOf } from '../boards.ts';
import { Cursor, Exact, Limit, Next, problems } from '../schemas.ts';

const Board = Type.String({ minLength: 1, maxLength: 200 });
const Place = Exact({
  rank: Type.Integer(),
  player: Type.String(),
  score: Type.String({ description: 'A whole number' }),
  at: Type.String(),
});

/** Leaderboards: which there are, the first places, and one player's place. */
export const leaderboardRoutes = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/leaderboards',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'listLeaderboards',
        tags: ['leaderboards'],
        summary: 'Lists boards that have entries',
        response: { 200: Exact({ boards: Type.Array(Type.String()) }) },
      },
    },
    async () => ({ boards: await listBoards(service) }),
  );
  app.get(
    '/api/v1/leaderboards/:board/top',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'leaderboardTop',
        tags: ['leaderboards'],
        summary: 'The first places',
        params: Exact({ board: Board }),
        querystring: Exact({ limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) }),
        response: { 200: Exact({ board: Type.String(), places: Type.Array(Place), next: Next }), ...problems(404) },
      },
    },
    async (request) => {
      const { board } = request.params;
      const { limit = 10, cursor } = request.query;
      return { board, ...(await topOf(service, board, limit, cursor)) };
    },
  );
  app.get(
    '/api/v1/leaderboards/:board/rank/:player',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'leaderboardRank',
        tags: ['leaderboards'],
        summary: "One player's place",
        params: Exact({ board: Board, player: Board }),
        response: { 200: Exact({ board: Type.String(), ...Place.properties }), ...problems(404) },
      },
    },
    async (request) => ({ board: request.params.board, ...(await placeOfPlayer(service, request.params.board, request.params.player)) }),
  );
};
