import type { Explanation } from '../../projections/why.ts';
import { formatWhy } from '../../projections/why-format.ts';
import { withClient } from '../connect.ts';
import { type Column, printOne, printRows, when } from '../output.ts';
import type { Cli } from '../program.ts';

type Place = { readonly rank: number; readonly player: string; readonly score: string; readonly at: string };

const placeColumns: readonly Column<Place>[] = [
  { title: 'RANK', right: true, of: (place) => String(place.rank) },
  { title: 'PLAYER', of: (place) => place.player },
  { title: 'SCORE', right: true, of: (place) => place.score },
  { title: 'SINCE', of: (place) => when(place.at) },
];

/** Why an actor is as it is, and the boards. */
export const addEntities = (cli: Cli): void => {
  cli.program
    .command('why <entity>')
    .description('each decision on an actor, with its rule, cause and consequences; a bare id when it is unique')
    .option('--limit <n>', 'newest decisions', '20')
    .action((entity: string, { limit }: { limit: string }) =>
      withClient(cli.common(), async (client) => {
        const explanation = await client.call<Explanation>(
          'GET',
          `/api/v1/entities/${encodeURIComponent(entity)}/why?limit=${encodeURIComponent(limit)}`,
        );
        printOne(cli.common(), explanation, formatWhy(explanation));
      }),
    );
  const board = cli.program.command('leaderboard').description('boards: the first places, one player, all boards');
  board
    .command('list')
    .description('boards that have entries')
    .action(() =>
      withClient(cli.common(), async (client) => {
        const { boards } = await client.call<{ boards: string[] }>('GET', '/api/v1/leaderboards');
        printRows(cli.common(), [{ title: 'BOARD', of: (name: string) => name }], boards, 'No board has entries yet.');
      }),
    );
  board
    .command('top <board>')
    .description('the first places')
    .option('--limit <n>', 'how many', '10')
    .action((name: string, { limit }: { limit: string }) =>
      withClient(cli.common(), async (client) => {
        const { places } = await client.call<{ places: Place[] }>(
          'GET',
          `/api/v1/leaderboards/${encodeURIComponent(name)}/top?limit=${encodeURIComponent(limit)}`,
        );
        printRows(cli.common(), placeColumns, places, 'The board is empty. next: carillon leaderboard list');
      }),
    );
  board
    .command('rank <board> <player>')
    .description("one player's place")
    .action((name: string, player: string) =>
      withClient(cli.common(), async (client) => {
        const place = await client.call<Place>(
          'GET',
          `/api/v1/leaderboards/${encodeURIComponent(name)}/rank/${encodeURIComponent(player)}`,
        );
        printRows(cli.common(), placeColumns, [place], '');
      }),
    );
};
