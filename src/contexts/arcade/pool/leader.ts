import type { Score } from './events.ts';

/** Higher first; at a tie the earlier; in the same millisecond by player, so that the order of arrival never decides (decision 3). */
export const leads = (score: Score, leader: Score | null): boolean => {
  if (leader === null) return true;
  if (score.score !== leader.score) return score.score > leader.score;
  if (score.at !== leader.at) return score.at < leader.at;
  return score.player < leader.player;
};
