import type { StreamName } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';
import { periodAt } from '../../../core/period.ts';
import { streamOf } from '../../../core/stream.ts';

/** The boards that a score counts for: the day's, the ISO week's, all time (checklist A2). */
export const boardsAt = (game: string, at: Instant, zone: string): readonly string[] => [
  `${game}.daily.${periodAt('daily', at, zone).key}`,
  `${game}.weekly.${periodAt('weekly', at, zone).key}`,
  `${game}.alltime`,
];

export const scoreStream = (board: string, player: string): StreamName => streamOf('arcade.score', `${board}:${player}`);
