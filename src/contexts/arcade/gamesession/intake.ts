import { Type } from 'typebox';

const closed = { additionalProperties: false };
const address = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  description: 'A wallet address or player id; upper and lower case are the same',
});
const paymentId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$', description: 'What the payment is known by; used once' });
const game = Type.String({ pattern: '^[a-z][a-z0-9_]{0,31}$' });
const microUsdc = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const score = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** What people may send to a game session. */
export const gameSessionIntake = {
  StartGame: Type.Object({ player: address, game, paymentId, microUsdc }, closed),
  SubmitScore: Type.Object({ score }, closed),
};
