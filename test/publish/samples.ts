import type { Position, RecordedEvent } from '../../src/core/event.ts';
import { instant } from '../../src/core/instant.ts';

/** A recorded event as a store gives it. */
export const released: RecordedEvent = {
  id: '0193a5c0-0000-7000-8000-000000000001',
  stream: 'giving.escrow-7f3a',
  revision: 2,
  position: '0000000000000042' as Position,
  type: 'EscrowReleased',
  data: { donor: 'd1', recipient: 'r1', cents: '2500', early: false, reason: null },
  recordedAt: instant('2026-11-23T14:00:01.250Z'),
  metadata: {
    correlationId: 'giving/release-escrows@2026-11-23T14:00Z',
    causationId: 'due',
    asOf: instant('2026-11-23T13:46:41.277Z'),
    rule: 'hold-ended',
    schema: '1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  },
};
