import type { Broker, Message } from '../../ports/broker.ts';
import type { Clock } from '../../ports/clock.ts';
import { shareOf } from './rendezvous.ts';

export type MembersOptions = {
  readonly broker: Broker;
  readonly clock: Clock;
  /** A name that nobody else has: an id made at the start of the process. */
  readonly instance: string;
  /** Members of a group share its partitions: the name of a context. */
  readonly group: string;
  readonly partitions: number;
  /**
   * The partitions that are this instance's from now on, whenever they change; one call at a time. When it throws, it is
   * called again with the next heartbeat.
   */
  onChange(owned: ReadonlySet<number>): void | Promise<void>;
  /** Milliseconds between two signs of life; 1,000 when absent. */
  readonly heartbeatMs?: number;
  /** Milliseconds of silence after which a member counts as gone; 4,000 when absent. */
  readonly deadAfterMs?: number;
};

export type Membership = {
  /** Who is known to be there, this instance included. */
  members(): readonly string[];
  /** Says good-bye, so that the others take over at once. `onChange` is not called any more. */
  leave(): Promise<void>;
};

/** Fanout: everybody hears everybody. */
export const membersExchange = 'carillon.members';

const maxMembers = 1_000;
const prefetch = 100;
/** When this many of its own signs of life in a row do not come back, an instance is deaf, and the others need not be dead. */
const deafAfter = 3;

type State = 'joining' | 'here' | 'leaving';
type Sign = { readonly group: string; readonly instance: string; readonly state: State };

const signOf = (message: Message): Sign | null => {
  const { group, instance, state } = (message.body ?? {}) as Partial<Sign>;
  const known = state === 'joining' || state === 'here' || state === 'leaving';
  return known && typeof group === 'string' && typeof instance === 'string' ? { group, instance, state } : null;
};

/** Who is there, by what was heard. A member is alive while its signs come in, measured on our own monotonic clock. */
const createRoll = (instance: string, clock: Clock, deafMs: number) => {
  const heard = new Map<string, number>();
  return {
    hear({ instance: who, state }: Sign): void {
      const now = clock.monotonic();
      // Back from a time without a broker: nobody could be heard in it.
      if (who === instance && now - (heard.get(instance) ?? now) > deafMs) for (const other of heard.keys()) heard.set(other, now);
      if (state === 'leaving') heard.delete(who);
      else if (heard.has(who) || heard.size < maxMembers) heard.set(who, now);
    },
    forget(afterMs: number): void {
      const now = clock.monotonic();
      if (now - (heard.get(instance) ?? now) > deafMs) return;
      for (const [who, at] of heard) if (who !== instance && now - at > afterMs) heard.delete(who);
    },
    members: (): readonly string[] => [...new Set([instance, ...heard.keys()])].sort(),
  };
};

/**
 * Instances announce themselves and each takes the partitions that rendezvous hashing gives it. Two may hold the same
 * partition for the moment in which they know different members: the queue's single active consumer and the expected
 * revision are the fences. Resolves when the first share is known. Throws `broker-unavailable`.
 */
export const joinMembers = async (options: MembersOptions): Promise<Membership> => {
  const { broker, clock, instance, group, partitions, heartbeatMs = 1_000, deadAfterMs = 4_000 } = options;
  const queue = `${membersExchange}.${group}.${instance}`;
  const leaving = new AbortController();
  const roll = createRoll(instance, clock, deafAfter * heartbeatMs);
  const heardSelf = Promise.withResolvers<void>();
  let joined = false;
  let applied: string | null = null;
  let applying: Promise<void> | null = null;
  let sending: Promise<void> | null = null;

  const sign = (state: State): Promise<void> =>
    broker.publish(membersExchange, group, { id: `${instance} ${state}`, type: 'member', headers: {}, body: { group, instance, state } });
  /** One at a time: without a broker they would pile up. One that fails is followed by the next. */
  const beat = (): void => {
    sending ??= sign('here')
      .catch(() => undefined)
      .finally(() => {
        sending = null;
      });
  };
  const apply = async (): Promise<void> => {
    while (!leaving.signal.aborted) {
      const owned = shareOf(instance, roll.members(), partitions);
      const text = [...owned].join();
      if (text === applied) return;
      try {
        await options.onChange(owned);
        applied = text;
      } catch {
        return;
      }
    }
  };
  const look = (): void => {
    if (!joined || leaving.signal.aborted) return;
    applying ??= apply().finally(() => {
      applying = null;
    });
  };

  await broker.declare({
    exchanges: [{ name: membersExchange, kind: 'fanout' }],
    queues: [{ name: queue, transient: true }],
    bindings: [{ exchange: membersExchange, queue, key: group }],
  });
  const consumer = await broker.consume(queue, { prefetch }, async (message) => {
    const heard = signOf(message);
    if (heard === null) return { park: 'is no sign of life' };
    if (heard.group !== group || leaving.signal.aborted) return 'ack';
    roll.hear(heard);
    if (heard.instance === instance) heardSelf.resolve();
    // A newcomer waits one heartbeat for those that are there.
    else if (heard.state === 'joining') beat();
    look();
    return 'ack';
  });
  const live = async (): Promise<void> => {
    while (!leaving.signal.aborted) {
      beat();
      await clock.sleep(heartbeatMs, leaving.signal);
      roll.forget(deadAfterMs);
      look();
    }
  };

  try {
    await sign('joining');
    await heardSelf.promise;
    await clock.sleep(heartbeatMs, leaving.signal);
  } catch (error) {
    await consumer.stop();
    throw error;
  }
  joined = true;
  const living = live();
  look();
  await applying;
  return {
    members: roll.members,
    async leave() {
      if (leaving.signal.aborted) return;
      leaving.abort();
      await Promise.all([living, applying, sending]);
      await sign('leaving').catch(() => undefined);
      await consumer.stop();
    },
  };
};
