import { createRoutes } from '../src/adapters/memory/routes.ts';
import { CarillonError, messageOf } from '../src/core/errors.ts';
import { toMs } from '../src/core/instant.ts';
import type { Consumer, Handler, Message, Topology, Verdict } from '../src/ports/broker.ts';
import type { Fault } from './faults.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

type Item = { readonly message: Message; readonly order: number; readonly urgent: boolean; attempt: number };
type Member = {
  readonly life: Life;
  readonly prefetch: number;
  readonly handler: Handler;
  readonly inHand: Set<Item>;
  stopping: boolean;
  left(): void;
};
type Queue = { readonly name: string; readonly transientOf: Life | null; items: Item[]; members: Member[]; blockedUntil: number };

const maxThrows = 5;

/** The broker as the engine is promised it: at least once, in order per queue, to one consumer at a time. And as bad as that allows. */
export type SimBroker = ReturnType<typeof createSimBroker>;

export const createSimBroker = (world: World, fault: Fault) => {
  const routes = createRoutes();
  const queues = new Map<string, Queue>();
  const parked: Message[] = [];
  let order = 0;

  const before = (a: Item, b: Item): boolean => (a.urgent === b.urgent ? a.order < b.order : a.urgent);
  const insert = (queue: Queue, item: Item): void => {
    let index = queue.items.length;
    while (index > 0 && before(item, queue.items[index - 1]!)) index--;
    queue.items.splice(index, 0, item);
  };
  const isTick = (message: Message): boolean => message.type !== 'command' || (message.body as { type?: string }).type === 'OpenSlot';

  const enqueue = (queue: Queue, message: Message, urgent: boolean): void => {
    const add = (): void => {
      insert(queue, { message, order: order++, urgent, attempt: 1 });
      pump(queue);
    };
    if (fault.hit('duplicate', message.type)) world.after(fault.delayMs('duplicate'), add);
    if (isTick(message) && fault.hit('reorder', message.type)) {
      world.after(fault.delayMs('reorder'), add);
      return;
    }
    if (fault.hit('delay', queue.name)) {
      // The whole queue is late: order within it stays.
      queue.blockedUntil = Math.max(queue.blockedUntil, world.nowMs() + fault.delayMs('delay'));
      world.at(queue.blockedUntil, () => pump(queue));
    }
    add();
  };

  const finish = (queue: Queue, member: Member, item: Item, verdict: Verdict): void => {
    member.inHand.delete(item);
    if (verdict === 'ack') {
      if (!member.stopping && fault.hit('ackLost', queue.name)) insert(queue, { ...item, attempt: item.attempt + 1 });
    } else if ('retryAt' in verdict) {
      world.at(toMs(verdict.retryAt), () => {
        insert(queue, { ...item, attempt: item.attempt + 1 });
        pump(queue);
      });
    } else parked.push(item.message);
    if (member.stopping && member.inHand.size === 0) leave(queue, member);
    pump(queue);
  };

  const leave = (queue: Queue, member: Member): void => {
    queue.members = queue.members.filter((each) => each !== member);
    member.left();
    pump(queue);
  };

  const deliver = async (queue: Queue, member: Member, item: Item): Promise<void> => {
    await member.life.gate();
    let verdict: Verdict;
    try {
      verdict = await member.handler(item.message, item.attempt);
    } catch (error) {
      verdict = item.attempt < maxThrows ? { retryAt: world.now() } : { park: messageOf(error) };
    }
    await member.life.gate();
    if (member.inHand.has(item)) finish(queue, member, item, verdict);
  };

  const pump = (queue: Queue): void => {
    const member = queue.members[0];
    if (member === undefined || member.stopping || world.nowMs() < queue.blockedUntil) return;
    while (member.inHand.size < member.prefetch) {
      const item = queue.items.shift();
      if (item === undefined) return;
      member.inHand.add(item);
      void deliver(queue, member, item);
    }
  };

  const open = (): void => {
    if (fault.brokerDown()) throw new CarillonError('broker-unavailable', 'The broker does not answer');
  };

  return {
    parked,
    depth: (name: string): number => queues.get(name)?.items.length ?? 0,
    waiting: (): number => [...queues.values()].reduce((sum, queue) => sum + queue.items.length, 0),
    declare: (life: Life, topology: Topology): void => {
      open();
      routes.declare(topology);
      for (const { name, transient } of topology.queues)
        if (!queues.has(name)) queues.set(name, { name, transientOf: transient ? life : null, items: [], members: [], blockedUntil: 0 });
    },
    publish: (exchange: string, key: string, message: Message, urgent: boolean): void => {
      open();
      const names = routes.match(exchange, key).filter((name) => queues.has(name));
      if (names.length === 0) throw new CarillonError('broker-unavailable', `No queue takes ${key} from ${exchange}`);
      for (const name of names) enqueue(queues.get(name)!, message, urgent);
    },
    consume: (life: Life, name: string, prefetch: number, handler: Handler): Consumer => {
      open();
      const queue = queues.get(name);
      if (queue === undefined) throw new CarillonError('broker-unavailable', `Queue ${name} is not declared`);
      const gone = Promise.withResolvers<void>();
      const member: Member = { life, prefetch, handler, inHand: new Set(), stopping: false, left: gone.resolve };
      queue.members.push(member);
      queueMicrotask(() => pump(queue));
      return {
        stop: () => {
          member.stopping = true;
          if (member.inHand.size === 0) leave(queue, member);
          return gone.promise;
        },
      };
    },
    /** A process is gone: what it had in hand goes back to its place. */
    drop: (life: Life): void => {
      for (const queue of queues.values()) {
        if (queue.transientOf === life) {
          queues.delete(queue.name);
          continue;
        }
        for (const member of queue.members.filter((each) => each.life === life))
          for (const item of member.inHand) insert(queue, { ...item, attempt: item.attempt + 1 });
        queue.members = queue.members.filter((each) => each.life !== life);
        pump(queue);
      }
    },
    /** It lived in the process that died, or was restarted without its disk: everything in it is lost. */
    wipe: (): void => {
      for (const queue of queues.values()) queue.items = [];
    },
  };
};
