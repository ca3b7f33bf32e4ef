import type { ScheduleEvent, ScheduleState } from '../src/contexts/engine/schedule/events.ts';
import { schedule } from '../src/contexts/engine/schedule/schedule.ts';
import { nextPending } from '../src/contexts/engine/schedule/slots-of.ts';
import { fromMs } from '../src/core/instant.ts';

import { createCounts } from './audit/finding.ts';

/** As much of an event as the log's readers get over HTTP too. */
export type Seen = { readonly stream: string; readonly type: string; readonly data: unknown };

const escrowEvents = ['EscrowHeld', 'EscrowReleased', 'FundsPosted', 'CycleObligated', 'CoinsAwarded'];
const ends = ['EffectConfirmed', 'EffectParked', 'EffectDiscarded'];
/** A slot may be this much behind. */
const pendingMs = 3_000;

/** Follows the log and tells what is still owed: orders to settle, accounts to credit, effects to end, slots to close. */
export const createQuiet = () => {
  const placed = new Set<string>();
  const settled = new Set<string>();
  const credited = new Set<string>();
  const effects = new Set<string>();
  const escrows = createCounts();
  const schedules = new Map<string, ScheduleState>();
  return {
    see: ({ stream, type, data }: Seen): void => {
      const id = stream.slice(stream.indexOf('-') + 1);
      if (type === 'OrderPlaced') placed.add(id);
      if (type === 'OrderSettled') settled.add(id);
      if (type === 'StreamErased') placed.delete(id);
      if (type === 'AccountCredited') credited.add((data as { order: string }).order);
      if (escrowEvents.includes(type)) escrows.add(type);
      if (stream.startsWith('engine.effect-')) ends.includes(type) ? effects.delete(stream) : effects.add(stream);
      if (stream.startsWith('engine.schedule-') && type !== 'CommandRejected')
        schedules.set(stream, schedule.evolve(schedules.get(stream) ?? schedule.initial, { type, data } as ScheduleEvent));
    },
    /** What is owed, in words; empty when nothing is. */
    owed: (nowMs: number): readonly string[] => {
      const unsettled = [...placed].filter((id) => !settled.has(id)).length;
      const uncredited = [...settled].filter((id) => !credited.has(id)).length;
      const late = [...schedules].filter(([, state]) => {
        const next = nextPending(state);
        return state.open === null && next !== null && next < fromMs(nowMs - pendingMs);
      });
      const follows = escrowEvents.filter((type) => escrows.of(type) < escrows.of('EscrowHeld'));
      return [
        ...follows.map((type) => `${escrows.of('EscrowHeld') - escrows.of(type)} of ${type}`),
        unsettled > 0 ? `${unsettled} orders to settle` : '',
        uncredited > 0 ? `${uncredited} credits` : '',
        effects.size > 0 ? `${effects.size} effects` : '',
        ...late.map(([stream]) => `slots of ${stream}`),
      ].filter((text) => text !== '');
    },
  };
};
