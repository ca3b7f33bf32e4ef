import { Type } from 'typebox';

const closed = { additionalProperties: false };
const subject = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', description: 'An id of a person, never a name or an address' });
const reason = Type.String({ minLength: 1, maxLength: 200, description: 'Why, without personal data' });
const cents = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** What people may send to an escrow (checklist C10, C6). */
export const escrowIntake = {
  SendDonation: Type.Object({ donor: subject, recipient: subject, cents }, closed),
  ConfirmReceipt: Type.Object({}, closed),
  RefundEscrow: Type.Object({ reason }, closed),
  ReleaseEscrowEarly: Type.Object({ reason }, closed),
};
