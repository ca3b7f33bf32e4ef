import { Type } from 'typebox';

const closed = { additionalProperties: false };

/** What people may send to a player's progress. The bound keeps totals exact. */
export const progressIntake = {
  CompleteQuiz: Type.Object({ xp: Type.Integer({ minimum: 0, maximum: 1_000_000 }) }, closed),
  BuyProtection: Type.Object({}, closed),
};
