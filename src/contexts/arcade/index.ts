import { defineContext } from '../../core/context.ts';
import { CarillonError } from '../../core/errors.ts';
import { gameSessionDecider } from './gamesession/game-session.ts';
import { paymentDecider } from './payment/payment.ts';
import { finalizePools } from './pool/job.ts';
import { poolDecider } from './pool/pool.ts';
import { countScores, fundPools, rollMoneyOn, splitPayments, voidGames } from './reactors.ts';
import { arcadeBoard } from './score/board.ts';
import { scoreDecider } from './score/score.ts';

/**
 * `zone` says where the days and weeks of pools and boards begin, and when the pools are finalised (checklist A4).
 * Basis points are hundredths of a percent of each payment (decision 5).
 */
export const arcadeDefaults = {
  games: ['snake', 'tetris', 'pong', 'breakout', 'space_invaders'],
  zone: 'UTC',
  dailyBasisPoints: 5000,
  weeklyBasisPoints: 2000,
};

const checkShares = ({ dailyBasisPoints: daily, weeklyBasisPoints: weekly }: typeof arcadeDefaults): void => {
  if (![daily, weekly].every((share) => Number.isInteger(share) && share >= 0) || daily + weekly > 10_000) {
    throw new CarillonError(
      'config-invalid',
      'arcade: dailyBasisPoints and weeklyBasisPoints must be whole, not negative, and at most 10000 together',
    );
  }
};

/** Paid games, prize pools by day and week, and boards (checklist A). */
export const arcade = defineContext('arcade', arcadeDefaults, (settings) => {
  checkShares(settings);
  const pool = poolDecider(settings);
  return {
    deciders: [gameSessionDecider(settings), paymentDecider(settings), pool, scoreDecider],
    jobs: [finalizePools(pool, settings.zone)],
    reactors: [splitPayments, voidGames, fundPools(settings.zone), rollMoneyOn, countScores(settings.zone)],
    projections: [arcadeBoard],
  };
});
