import { createRoutes } from '../src/adapters/memory/routes.ts';
import { CarillonError, messageOf } from '../src/core/errors.ts';
import { toMs } from '../src/core/instant.ts';
import type { Consumer, Handler, Message, Topology, Verdict } from '../src/ports/broker.ts';
import { createMailbox, type Item, type Mailbox } from './broker-queue.ts';
import type { Fault } from './fault.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

type Member = {
  readonly life: Life;
  readonly prefetch: number;
  readonly handler: Handler;
  readonly inHand: Set<Item>;
  stopping: boolean;
  left(): void;
};
type Queue = Mailbox & { readonly name: string; readonly transientOf: Life | null; members: Member[]; active: Member | null };

const maxThrows = 5;

/** More than this in one queue is no backlog any more: nobody takes from it. */
const mostWaiting = 4_000;

/** Told of each message that the broker took, before it is queued, and of a queue that only grows. */
export type BrokerWatch = { published(exchange: string, message: Message): void; overflow(queue: string, waiting: number): void };

/**
 * The broker as the engine is promised it: at least once, in order per queue, to one active consumer at a time. And as bad as
 * that allows. The others of a queue wait: one takes over when the active one dies or is gone for longer than a heartbeat.
 */
export type SimBroker = ReturnType<typeof createSimBroker>;

export const createSimBroker = (world: World, fault: Fault, watch: BrokerWatch) => {
  const routes = createRoutes();
  const queues = new Map<string, Queue>();
  const away = new Map<Life, { queue: Queue; member: Member }[]>();
  const parked: { readonly message: Message; readonly reason: string }[] = [];

  /** The one that was active stays so; after it the one that waits longest. */
  const choose = (queue: Queue): Member | null => {
    const able = queue.members.filter(({ stopping }) => !stopping);
    return able.find((each) => each === queue.active) ?? able[0] ?? null;
  };

  const pump = (queue: Queue): void => {
    const member = choose(queue);
    if (member === null || queue.blocked()) return;
    if (queue.active !== null && queue.active !== member) fault.count('handover');
    queue.active = member;
    while (member.inHand.size < member.prefetch) {
      const item = queue.take();
      if (item === undefined) return;
      member.inHand.add(item);
      void deliver(queue, member, item);
    }
  };

  const leave = (queue: Queue, member: Member): void => {
    queue.members = queue.members.filter((each) => each !== member);
    member.left();
    pump(queue);
  };

  const finish = (queue: Queue, member: Member, item: Item, verdict: Verdict): void => {
    member.inHand.delete(item);
    if (verdict === 'ack') {
      if (!member.stopping && fault.hit('ackLost', queue.name)) queue.again(item);
    } else if ('retryAt' in verdict) {
      world.at(toMs(verdict.retryAt), () => {
        queue.again(item);
        pump(queue);
      });
    } else parked.push({ message: item.message, reason: verdict.park });
    if (member.stopping && member.inHand.size === 0) leave(queue, member);
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
    // What it had in hand when its connection went was given to another.
    if (member.inHand.has(item)) finish(queue, member, item, verdict);
  };

  const giveBack = (queue: Queue, member: Member): void => {
    for (const item of member.inHand) queue.again(item);
    member.inHand.clear();
    queue.members = queue.members.filter((each) => each !== member);
  };

  const open = (): void => {
    if (fault.is('broker')) throw new CarillonError('broker-unavailable', 'The broker does not answer');
  };

  return {
    parked,
    depth: (name: string): number => queues.get(name)?.waiting() ?? 0,
    declare: (life: Life, topology: Topology): void => {
      open();
      routes.declare(topology);
      for (const { name, transient } of topology.queues) {
        if (queues.has(name)) continue;
        const mailbox = createMailbox(name, world, fault, () => pump(queue));
        const queue: Queue = { ...mailbox, name, transientOf: transient ? life : null, members: [], active: null };
        queues.set(name, queue);
      }
    },
    publish: (exchange: string, key: string, message: Message, urgent: boolean): void => {
      open();
      const names = routes.match(exchange, key).filter((name) => queues.has(name));
      if (names.length === 0) throw new CarillonError('broker-unavailable', `No queue takes ${key} from ${exchange}`);
      watch.published(exchange, message);
      for (const name of names) {
        const queue = queues.get(name)!;
        queue.put(message, urgent);
        if (queue.waiting() > mostWaiting) watch.overflow(name, queue.waiting());
      }
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
      away.delete(life);
      for (const queue of queues.values()) {
        if (queue.transientOf === life) queues.delete(queue.name);
        for (const member of queue.members.filter((each) => each.life === life)) giveBack(queue, member);
        pump(queue);
      }
    },
    /** Its heartbeats stay out: it is cut off, and what it had in hand goes to another. Its own queue waits for it. */
    cutOff: (life: Life): void => {
      if (away.has(life)) return;
      const cut = [...queues.values()].flatMap((queue) =>
        queue.transientOf === life ? [] : queue.members.filter((each) => each.life === life).map((member) => ({ queue, member })),
      );
      away.set(life, cut);
      for (const { queue, member } of cut) giveBack(queue, member);
      for (const queue of queues.values()) pump(queue);
    },
    /** It connects again, behind those who are there. */
    reconnect: (life: Life): void => {
      for (const { queue, member } of away.get(life) ?? []) {
        if (member.stopping) member.left();
        else queue.members.push(member);
        pump(queue);
      }
      away.delete(life);
    },
    /** It lived in the process that died, or was restarted without its disk: everything in it is lost. */
    wipe: (): void => {
      for (const queue of queues.values()) queue.clear();
    },
  };
};
