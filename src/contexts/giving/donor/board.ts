import { defineBoard } from '../../../core/leaderboard.ts';
import { idOf } from '../../../core/stream.ts';
import type { DonorScored } from './events.ts';

/** The donor board; ties by donor id (decision 3). The score is in hundredths. */
export const donorBoard = defineBoard<DonorScored>({
  name: 'giving',
  version: 1,
  types: ['DonorScored'],
  ties: 'id',
  mode: 'latest',
  entriesOf: (event) => [{ board: 'donors', player: idOf(event.stream), score: event.data.score, at: event.metadata.asOf }],
});
