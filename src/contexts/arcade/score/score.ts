import type { Wish } from '../../../core/command.ts';
import { accept, defineDecider, ignore } from '../../../core/decider.ts';
import type { ScoreImproved, ScoreState } from './events.ts';

/** Sent by a reactor to each submitted score. */
export type ScoreCommand = Wish<'RecordScore', ScoreImproved['data']>;

/**
 * The best score of one player on one board: an equal or lower one does not replace it, 0 is a score (checklist A).
 * An equal one that was earlier but came later does, so that the order of arrival never decides.
 */
export const scoreDecider = defineDecider<ScoreState, ScoreCommand, ScoreImproved>({
  category: 'arcade.score',
  initial: { best: null },
  events: ['ScoreImproved'],
  decide: ({ data }, { best }) => {
    const better = best === null || data.score > best.score || (data.score === best.score && data.at < best.at);
    return better ? accept('best-score', [{ type: 'ScoreImproved', data }]) : ignore('not-better', { best });
  },
  evolve: (_state, { data: { score, at } }) => ({ best: { score, at } }),
});
