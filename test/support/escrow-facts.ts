import { fromMs, type Instant } from '../../src/core/instant.ts';
import type { IntakeLine } from '../../src/core/intake.ts';

/** `count` escrows, sent and confirmed over two days that began `days` before `now`, so that all of them are released by now. */
export const escrowFacts = (count: number, now: number, days = 5): IntakeLine[] => {
  const start = now - days * 86_400_000;
  const step = (2 * 86_400_000) / count;
  return Array.from({ length: count }, (_, index) => {
    const to = `giving.escrow-e${index}`;
    const at = (minutes: number): Instant => fromMs(Math.floor(start + index * step + minutes * 60_000));
    return [
      {
        id: `send-${index}`,
        to,
        type: 'SendDonation',
        data: { donor: `d${index % 50}`, recipient: `r${index % 40}`, cents: 100 + index },
        asOf: at(0),
      },
      { id: `confirm-${index}`, to, type: 'ConfirmReceipt', data: {}, asOf: at(5) },
    ];
  })
    .flat()
    .sort((a, b) => (a.asOf < b.asOf ? -1 : 1));
};
