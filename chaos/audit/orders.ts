import { idOf } from '../../src/core/stream.ts';
import { createCounts, type Say, type Watcher } from './finding.ts';

const once = (say: Say, count: number, what: string): void => {
  if (count > 1) say('doubled', `${what}: ${count} times`);
};

/** Each order is settled once; a settled one is credited once, paid out once, and receipted once when it asks for it. */
export const watchOrders = (say: Say): Watcher => {
  const placed = new Set<string>();
  const settled = new Map<string, boolean>();
  const credited = createCounts();
  const requested = new Set<string>();
  return {
    see: (event) => {
      const id = idOf(event.stream);
      if (event.type === 'OrderPlaced') placed.add(id);
      if (event.type === 'OrderSettled') {
        if (settled.has(id)) say('doubled', `order ${id} was settled twice`);
        settled.set(id, (event.data as { receipt: boolean }).receipt);
      }
      if (event.type === 'AccountCredited') {
        const { order } = event.data as { order: string };
        once(say, credited.add(order), `credit for order ${order}`);
      }
      if (event.type === 'EffectRequested') requested.add((event.data as { key: string }).key);
    },
    end: () => {
      for (const id of placed) if (!settled.has(id)) say('stuck', `order ${id} was never settled`);
      for (const [id, receipt] of settled) {
        if (credited.of(id) === 0) say('lost', `order ${id} was settled and not credited`);
        if (!requested.has(`payout/${id}`)) say('lost', `order ${id} was settled and its payout not asked for`);
        if (receipt && !requested.has(`receipt/${id}`)) say('lost', `order ${id} was settled and its receipt not asked for`);
      }
    },
  };
};

const wanted = ['FundsReceivable', 'FundsPosted', 'CycleReceived', 'CycleObligated', 'CoinsAwarded'] as const;

/** Each escrow that was held is released once, and what follows is posted once each. Only for facts whose hold has ended. */
export const watchEscrows = (say: Say): Watcher => {
  const held = new Set<string>();
  const counts = createCounts();
  const requested = new Set<string>();
  return {
    see: (event) => {
      const id = idOf(event.stream);
      if (event.type === 'EscrowHeld') held.add(id);
      if (event.type === 'EscrowReleased') once(say, counts.add(`EscrowReleased ${id}`), `release of escrow ${id}`);
      if (wanted.some((type) => type === event.type)) {
        const escrow = (event.data as { escrow?: string }).escrow ?? id;
        once(say, counts.add(`${event.type} ${escrow}`), `${event.type} of escrow ${escrow}`);
      }
      if (event.type === 'EffectRequested') requested.add((event.data as { key: string }).key);
    },
    end: () => {
      for (const id of held) {
        if (counts.of(`EscrowReleased ${id}`) === 0) say('stuck', `escrow ${id} was never released`);
        for (const type of wanted) if (counts.of(`${type} ${id}`) === 0) say('lost', `escrow ${id} has no ${type}`);
        for (const role of ['donor', 'recipient'])
          if (!requested.has(`escrow-released/${id}/${role}`)) say('lost', `escrow ${id}: the ${role} was never told`);
      }
    },
  };
};
