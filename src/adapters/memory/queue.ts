import type { ConsumeOptions, Consumer, Handler, Message } from '../../ports/broker.ts';
import { createLane, type Waiting } from './lane.ts';

/** What became of a delivery: done, or back in the queue when `until` resolves. */
export type Outcome = null | { readonly until: Promise<void> };

export type Queue = {
  readonly waiting: number;
  add(message: Message, urgent: boolean): void;
  consume(options: ConsumeOptions, handler: Handler): Consumer;
  /** Forgets everything; deliveries in hand are answered to nobody. */
  close(): void;
};

type Member = {
  readonly prefetch: number;
  readonly handler: Handler;
  inHand: number;
  stopping: boolean;
  readonly left: PromiseWithResolvers<void>;
};

/** Deliveries in one turn of the event loop, so that a full queue does not keep timers and sockets waiting. */
const perTurn = 512;

/**
 * One queue with a single active consumer: the first to come; the next one takes over when it has stopped and has
 * answered what it had in hand. `settle` turns the handler's answer into an outcome; it does not throw.
 */
export const createQueue = (settle: (item: Waiting, handler: Handler) => Promise<Outcome>): Queue => {
  const urgent = createLane();
  const normal = createLane();
  const members: Member[] = [];
  let order = 0;
  let budget = perTurn;
  let scheduled = false;
  let closed = false;

  const laneOf = (item: Waiting) => (item.urgent ? urgent : normal);

  const wake = (): void => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      pump();
    });
  };
  const nextTurn = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      budget = perTurn;
      pump();
    });
  };
  const leave = (member: Member): void => {
    if (member.inHand > 0) return;
    members.splice(members.indexOf(member), 1);
    member.left.resolve();
    wake();
  };
  const deliver = async (member: Member, item: Waiting): Promise<void> => {
    member.inHand++;
    const outcome = await settle(item, member.handler);
    member.inHand--;
    if (outcome) {
      void outcome.until.then(() => {
        if (closed) return;
        laneOf(item).putBack({ ...item, attempt: item.attempt + 1 });
        wake();
      });
    }
    if (member.stopping) leave(member);
    else wake();
  };
  const pump = (): void => {
    const active = members[0];
    while (active && !closed && !active.stopping && active.inHand < active.prefetch) {
      if (urgent.size + normal.size === 0) return;
      if (budget <= 0) {
        nextTurn();
        return;
      }
      budget--;
      void deliver(active, (urgent.shift() ?? normal.shift()) as Waiting);
    }
  };

  return {
    get waiting() {
      return urgent.size + normal.size;
    },
    add(message, isUrgent) {
      const item = { message, order: order++, urgent: isUrgent, attempt: 1 };
      laneOf(item).push(item);
      wake();
    },
    consume({ prefetch }, handler) {
      const member: Member = { prefetch: Math.max(1, prefetch), handler, inHand: 0, stopping: false, left: Promise.withResolvers() };
      members.push(member);
      wake();
      return {
        stop() {
          if (!member.stopping && !closed) {
            member.stopping = true;
            leave(member);
          }
          return closed ? Promise.resolve() : member.left.promise;
        },
      };
    },
    close() {
      closed = true;
      for (const member of members) member.left.resolve();
    },
  };
};
