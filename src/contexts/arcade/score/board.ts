import { defineBoard } from '../../../core/leaderboard.ts';
import type { ScoreImproved } from './events.ts';

/** The arcade's boards: `<game>.daily.<date>`, `<game>.weekly.<ISO week>`, `<game>.alltime`; earliest first at a tie (decision 3). */
export const arcadeBoard = defineBoard<ScoreImproved>({
  name: 'arcade',
  version: 1,
  types: ['ScoreImproved'],
  ties: 'earliest',
  mode: 'best',
  entriesOf: ({ data: { board, player, score, at } }) => [{ board, player, score, at }],
});
