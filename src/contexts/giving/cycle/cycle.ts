import type { Wish } from '../../../core/command.ts';
import { accept, defineDecider, ignore, reject } from '../../../core/decider.ts';
import { type Instant, plus } from '../../../core/instant.ts';
import type { CycleEvent, CycleState } from './events.ts';

type Nothing = Record<string, never>;

/** Sent by reactors to the events of the escrow of the same id. */
export type CycleCommand =
  | Wish<'ReceiveCycle', { recipient: string; cents: string; receivedAt: Instant }>
  | Wish<'ObligateCycle', Nothing>
  | Wish<'VoidCycle', Nothing>;

export type CycleSettings = { readonly cycleDueDays: number };

const dayMs = 86_400_000;

const evolve = (_state: CycleState, event: CycleEvent): CycleState => {
  const { recipient } = event.data;
  switch (event.type) {
    case 'CycleReceived':
      return { status: 'received', recipient, receivedAt: event.data.receivedAt };
    case 'CycleObligated':
      return { status: 'obligated', recipient, dueDate: event.data.dueDate };
    case 'CycleVoided':
      return { status: 'voided', recipient };
  }
};

/** A recipient's duty to pass a gift on: obligated from received, due 90 days after the receipt (decision 22). */
export const cycleDecider = (settings: CycleSettings) =>
  defineDecider<CycleState, CycleCommand, CycleEvent>({
    category: 'giving.cycle',
    initial: { status: 'none' },
    events: ['CycleReceived', 'CycleObligated', 'CycleVoided'],
    decide: (command, state) => {
      if (command.type === 'ReceiveCycle') {
        return state.status === 'none'
          ? accept('cycle-received', [{ type: 'CycleReceived', data: command.data }])
          : ignore('already-received');
      }
      if (state.status !== 'received') return reject(state.status === 'none' ? 'cycle-not-received' : `cycle-already-${state.status}`);
      const { recipient, receivedAt } = state;
      if (command.type === 'VoidCycle') return accept('gift-refunded', [{ type: 'CycleVoided', data: { recipient } }]);
      const dueDate = plus(receivedAt, settings.cycleDueDays * dayMs);
      return accept('gift-released', [{ type: 'CycleObligated', data: { recipient, dueDate } }], { receivedAt });
    },
    evolve,
  });
