import type { DomainEvent } from '../../../core/event.ts';
import { defineBoard } from '../../../core/leaderboard.ts';
import { periodAt } from '../../../core/period.ts';
import { idOf } from '../../../core/stream.ts';
import type { ProgressEvent } from './events.ts';

type XpGained = Extract<ProgressEvent, DomainEvent<'XpGained'>>;

/**
 * XP boards: `global`, `weekly.<ISO week>`, `monthly.<month>`, each with the XP of its period, never with the total;
 * at a tie the latest XP comes first (decision 3, checklist B5).
 */
export const xpBoard = (zone: string) =>
  defineBoard<XpGained>({
    name: 'quiz',
    version: 1,
    types: ['XpGained'],
    ties: 'latest',
    mode: 'sum',
    entriesOf: ({ stream, data: { xp, at } }) =>
      ['global', `weekly.${periodAt('weekly', at, zone).key}`, `monthly.${periodAt('monthly', at, zone).key}`].map((board) => ({
        board,
        player: idOf(stream),
        score: xp,
        at,
      })),
  });
