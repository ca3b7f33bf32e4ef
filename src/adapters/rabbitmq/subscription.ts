import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { messageOf } from '../../core/errors.ts';
import { earlier, type Instant, plus } from '../../core/instant.ts';
import type { Consumer, Handler, Verdict } from '../../ports/broker.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Attempts } from './attempts.ts';
import { isUrgent, read, returnsOf } from './codec.ts';
import { codeOf, replyCode, unavailable } from './errors.ts';
import { discard, keepChannel, openPlain } from './kept-channel.ts';
import type { Say } from './say.ts';
import { createWindow, type Delivery } from './window.ts';

export type SubscriptionOptions = {
  readonly queue: string;
  readonly prefetch: number;
  readonly handler: Handler;
  readonly clock: Clock;
  readonly attempts: Attempts;
  readonly say: Say;
  model(): Promise<ChannelModel>;
  /** Declares again what somebody deleted. */
  restore(): Promise<void>;
  /** Resolves when the message is safely aside. */
  park(delivery: Delivery, reason: string): Promise<void>;
};

export type Subscription = Consumer & { /** Resolves when it is registered. */ readonly started: Promise<void> };

/**
 * Messages fetched ahead. Urgent ones overtake within them, and those that wait for their next attempt stay among them,
 * so that neither needs a queue of its own: one queue has one active consumer, two could be split between two.
 */
const fetchAhead = 1_000;
/** A handler that throws gets the message again after 100 ms, doubled up to 10 s, at most 50 times: as in the memory broker. */
const throwBackoff = { firstMs: 100, maxMs: 10_000, attempts: 50 } as const;
/** RabbitMQ closes the channel of a consumer that keeps a message for 30 minutes. */
const maxHoldMs = 15 * 60_000;
const parkAgainMs = 1_000;

const backoffMs = (attempt: number): number => Math.min(throwBackoff.firstMs * 2 ** (attempt - 1), throwBackoff.maxMs);

const ignore = (): void => undefined;

/** One consumer of one queue, registered again on every new channel. What was in hand on a lost one is delivered again. */
export const subscribe = (options: SubscriptionOptions): Subscription => {
  const { queue, prefetch, clock, attempts } = options;
  const window = createWindow();
  /** By their sending: when one is delivered again while its handler still works, the answer goes to the newer delivery. */
  const running = new Map<string, Delivery>();
  let life = new AbortController();
  let open = false;
  let inHand = 0;
  let idle: PromiseWithResolvers<void> | null = null;

  const alive = (delivery: Delivery): boolean => kept.now() === delivery.channel;
  const answer = (delivery: Delivery, how: 'ack' | 'nack'): void => {
    if (!alive(delivery)) return;
    try {
      delivery.channel[how](delivery.amqp);
    } catch {
      // The channel went a moment ago: the message comes again.
    }
  };
  const pump = (): void => {
    while (open && idle === null && inHand < Math.max(1, prefetch)) {
      const delivery = window.take();
      if (delivery === undefined) return;
      void work(delivery);
    }
  };
  const hold = async (delivery: Delivery, until: Instant): Promise<void> => {
    const { signal } = life;
    await clock.sleepUntil(earlier(until, plus(clock.now(), maxHoldMs)), signal);
    if (signal.aborted) return;
    if (clock.now() < until) return answer(delivery, 'nack');
    window.put(delivery);
    pump();
  };
  const retry = (delivery: Delivery, notBefore: Instant): void => {
    const next = { ...delivery, attempt: delivery.attempt + 1 };
    if (next.ref !== null) attempts.set(next.ref, { attempt: next.attempt, notBefore });
    if (alive(next) && idle === null) void hold(next, notBefore);
  };
  const park = async (delivery: Delivery, reason: string): Promise<boolean> => {
    while (alive(delivery)) {
      try {
        await options.park(delivery, reason);
        return true;
      } catch (error) {
        options.say('warn', `A message of ${queue} could not be parked yet: ${messageOf(error)}`);
        // It goes back with the rest.
        if (idle !== null) return false;
        await clock.sleep(parkAgainMs, life.signal);
      }
    }
    return false;
  };
  const verdictOf = async (delivery: Delivery): Promise<Verdict> => {
    const found = read(delivery.amqp);
    if ('problem' in found) return { park: found.problem };
    try {
      return await options.handler(found.message, delivery.attempt);
    } catch (error) {
      if (delivery.attempt < throwBackoff.attempts) return { retryAt: plus(clock.now(), backoffMs(delivery.attempt)) };
      return { park: `threw ${delivery.attempt} times: ${messageOf(error)}` };
    }
  };
  const work = async (first: Delivery): Promise<void> => {
    inHand++;
    if (first.ref !== null) running.set(first.ref, first);
    const verdict = await verdictOf(first);
    const delivery = (first.ref === null ? undefined : running.get(first.ref)) ?? first;
    if (verdict === 'ack' || ('park' in verdict && (await park(delivery, verdict.park)))) {
      if (delivery.ref !== null) attempts.delete(delivery.ref);
      answer(delivery, 'ack');
    } else if ('retryAt' in verdict) retry(delivery, verdict.retryAt);
    if (first.ref !== null) running.delete(first.ref);
    inHand--;
    if (inHand === 0) idle?.resolve();
    pump();
  };
  const receive = (channel: Channel, amqp: ConsumeMessage | null): void => {
    // The queue was deleted.
    if (amqp === null) return discard(channel);
    const correlation: unknown = amqp.properties.correlationId;
    const ref = typeof correlation === 'string' ? correlation : null;
    const before = amqp.fields.redelivered && ref !== null ? attempts.get(ref) : undefined;
    const delivery = { channel, amqp, ref, urgent: isUrgent(amqp), attempt: before?.attempt ?? 1 + returnsOf(amqp) };
    if (amqp.fields.redelivered && ref !== null && running.has(ref)) running.set(ref, delivery);
    else if (before && before.notBefore > clock.now()) void hold(delivery, before.notBefore);
    else window.put(delivery);
    pump();
  };
  const register = async (channel: Channel): Promise<void> => {
    try {
      await channel.prefetch(Math.max(prefetch, fetchAhead));
      await channel.consume(queue, (amqp) => receive(channel, amqp));
      // What waits is on its way when the second answer comes: then the urgent ones among it can go first.
      await channel.checkQueue(queue);
      await channel.checkQueue(queue);
    } catch (error) {
      if (codeOf(error) !== replyCode.notFound) throw error;
      await options.restore().catch(ignore);
      throw unavailable(`Queue ${queue} is not declared`);
    }
  };
  const forget = (): void => {
    open = false;
    life.abort();
    life = new AbortController();
    window.clear();
  };

  const kept = keepChannel<Channel>({
    clock,
    model: options.model,
    open: openPlain,
    prepare: register,
    ready() {
      open = true;
      pump();
    },
    lost: forget,
  });
  const stop = async (): Promise<void> => {
    if (idle === null) {
      idle = Promise.withResolvers();
      life.abort();
      if (inHand === 0) idle.resolve();
    }
    await idle.promise;
    // All that waits here goes back at once and in order, and only then to the next consumer; a cancel would let it begin earlier.
    await kept.close();
  };
  return { started: kept.wait().then(ignore), stop };
};
