import type { RecordedEvent } from '../../src/core/event.ts';
import type { Instant } from '../../src/core/instant.ts';
import { idOf } from '../../src/core/stream.ts';
import type { Say } from './problem.ts';

/** What was due is decided once a slot; a refund never comes after the hold's end. */
export const checkHouse = (events: readonly RecordedEvent[], say: Say): void => {
  const read = new Set<string>();
  const holds = new Map<string, Instant>();
  const requested = new Map<string, RecordedEvent>();
  let paused = false;
  for (const event of events) {
    // A paused job settles nothing: a refund in that time is right.
    if (event.stream === 'engine.schedule-giving/release-escrows') {
      if (event.type === 'SchedulePaused') paused = true;
      if (event.type === 'ScheduleResumed') paused = false;
    }
    if (event.type === 'MeterRead') {
      const name = `${event.stream} ${event.metadata.correlationId}`;
      if (read.has(name)) say('I1', `${name} was read twice`);
      read.add(name);
    }
    if (event.type === 'EscrowHeld') holds.set(event.stream, (event.data as { holdUntil: Instant }).holdUntil);
    if (event.type === 'EscrowRefunded' && !paused && event.metadata.asOf > holds.get(event.stream)!)
      say('I16', `${event.stream} was refunded at ${event.metadata.asOf}, after its hold ended at ${holds.get(event.stream)}`);
    if (event.type === 'EffectRequested') requested.set((event.data as { key: string }).key, event);
  }
  for (const event of events) {
    if (event.type === 'LampWentOut' && !requested.has(`out ${event.stream} ${event.revision}`))
      say('P2', `the ring for ${event.stream} ${event.revision} was never asked for`);
    if (event.type === 'EscrowReleased' || event.type === 'EscrowRefunded')
      for (const role of ['donor', 'recipient']) {
        const key = `${event.type === 'EscrowReleased' ? 'escrow-released' : 'escrow-refunded'}/${idOf(event.stream)}/${role}`;
        if (!requested.has(key)) say('P2', `the message ${key} was never asked for`);
      }
  }
};
