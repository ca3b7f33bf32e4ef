import { randomBytes } from 'node:crypto';
import { type ChannelModel, type ConfirmChannel, IllegalOperationError, type Options } from 'amqplib';
import { CarillonError, messageOf } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { codeOf, replyCode, unavailable } from './errors.ts';
import { keepChannel, openConfirm } from './kept-channel.ts';

export type PublisherOptions = {
  readonly clock: Clock;
  model(): Promise<ChannelModel>;
  /** What is wrong with the connection, for messages. */
  problem(): CarillonError | null;
  /** The server knows no such exchange. Resolves true when it does now. */
  restoreExchange(name: string): Promise<boolean>;
  /** Milliseconds from the call to the confirm, waiting included. */
  readonly publishWithinMs: number;
};

export type Publisher = {
  /** Resolves at the server's confirm. Throws `broker-unavailable`, also when no queue takes it. */
  publish(exchange: string, key: string, content: Buffer, options: Options.Publish): Promise<void>;
  /** While there is a reason nothing is sent; what is called waits. */
  block(reason: string | null): void;
  /** Takes nothing new; resolves when all is confirmed or has failed. */
  close(): Promise<void>;
};

/** Sent and not confirmed yet. */
const maxInFlight = 2_000;
const maxWaiting = 100_000;
const sweepEveryMs = 100;
/** What amqplib says of a message that the server refused. */
const nacked = 'message nacked';

type Entry = {
  readonly exchange: string;
  readonly key: string;
  readonly content: Buffer;
  readonly options: Options.Publish;
  readonly deadline: number;
  returned: boolean;
  readonly done: PromiseWithResolvers<void>;
};

/**
 * Confirms on one channel, many under way at once. A publish that was under way when the channel went is sent again on
 * the next one until its time is over: the broker may then hold it twice, which receivers bear, but never not at all.
 */
export const createPublisher = (deps: PublisherOptions): Publisher => {
  const { clock } = deps;
  const inFlight = new Map<string, Entry>();
  let waiting = new Set<Entry>();
  let blocked: string | null = null;
  let closing: PromiseWithResolvers<void> | null = null;
  const closed = new AbortController();
  /** Names a sending, in what comes back and in what is delivered again. */
  const prefix = randomBytes(6).toString('base64url');
  let sent = 0;

  const settle = (entry: Entry, error?: CarillonError): void => {
    if (error) entry.done.reject(error);
    else entry.done.resolve();
    if (closing && inFlight.size + waiting.size === 0) closing.resolve();
  };
  const confirmed = (ref: string, error: Error | null): void => {
    const entry = inFlight.get(ref);
    // Given up, or waiting again for the next channel.
    if (!entry) return;
    inFlight.delete(ref);
    if (entry.returned) settle(entry, unavailable(`No queue takes ${entry.key} from ${entry.exchange}`));
    else if (error) settle(entry, unavailable(`RabbitMQ refused a message for ${entry.exchange} ${entry.key}`, error));
    else settle(entry);
    if (waiting.size > 0) pump();
  };
  const send = (channel: ConfirmChannel, entry: Entry): void => {
    const ref = `${prefix}.${++sent}`;
    entry.returned = false;
    inFlight.set(ref, entry);
    try {
      channel.publish(entry.exchange, entry.key, entry.content, { ...entry.options, correlationId: ref }, (error: Error | null) => {
        // That the channel was closed is no answer: they are sent again.
        if (!error || error.message === nacked) confirmed(ref, error);
      });
    } catch (error) {
      inFlight.delete(ref);
      // Closed a moment ago: it goes on the next channel. Anything else is in the message itself.
      if (error instanceof IllegalOperationError) waiting.add(entry);
      else settle(entry, new CarillonError('bad-request', `Message ${entry.options.messageId} cannot be sent: ${messageOf(error)}`));
    }
  };
  const pump = (): void => {
    const channel = kept.now();
    if (channel === null || blocked !== null) return;
    for (const entry of waiting) {
      if (inFlight.size >= maxInFlight) return;
      waiting.delete(entry);
      send(channel, entry);
    }
  };
  /** Fails all for an exchange that does not exist, or the one behind would close every channel that the others wait on. */
  const drop = (exchange: string): void => {
    for (const entry of [...waiting])
      if (entry.exchange === exchange && waiting.delete(entry)) settle(entry, unavailable(`Exchange ${exchange} is not declared`));
  };
  const lost = async (error: Error | null): Promise<void> => {
    waiting = new Set([...inFlight.values(), ...waiting]);
    inFlight.clear();
    if (codeOf(error) !== replyCode.notFound) return;
    const exchange = /no exchange '(.*?)' in vhost/.exec(error?.message ?? '')?.[1];
    if (exchange !== undefined && !(await deps.restoreExchange(exchange).catch(() => true))) drop(exchange);
  };

  const kept = keepChannel<ConfirmChannel>({
    clock,
    model: deps.model,
    open: openConfirm,
    prepare: async (channel) => {
      channel.on('return', ({ properties }) => {
        const entry = inFlight.get(String(properties.correlationId));
        if (entry) entry.returned = true;
      });
    },
    lost,
    ready: pump,
  });

  const late = (entry: Entry): CarillonError => {
    const why = blocked !== null ? `it takes no publishes (${blocked})` : (deps.problem()?.message ?? 'no confirm came');
    return unavailable(`RabbitMQ did not take a message for ${entry.exchange} ${entry.key} within ${deps.publishWithinMs} ms: ${why}`);
  };
  /** Entries are in the order of their deadlines, but for those that were sent again. */
  const sweep = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      await clock.sleep(sweepEveryMs, closed.signal);
      const now = clock.monotonic();
      for (const [ref, entry] of inFlight) {
        if (entry.deadline > now) break;
        inFlight.delete(ref);
        settle(entry, late(entry));
      }
      for (const entry of waiting) {
        if (entry.deadline > now) break;
        waiting.delete(entry);
        settle(entry, late(entry));
      }
      pump();
    }
  };
  void sweep();

  return {
    async publish(exchange, key, content, options) {
      if (closing) throw unavailable('The broker is closed');
      if (waiting.size >= maxWaiting) throw unavailable(`${maxWaiting} messages wait for RabbitMQ already`);
      const deadline = clock.monotonic() + deps.publishWithinMs;
      const entry: Entry = { exchange, key, content, options, deadline, returned: false, done: Promise.withResolvers() };
      const channel = kept.now();
      if (channel === null || blocked !== null || waiting.size > 0 || inFlight.size >= maxInFlight) waiting.add(entry);
      else send(channel, entry);
      return entry.done.promise;
    },
    block(reason) {
      blocked = reason;
      if (reason === null) pump();
    },
    async close() {
      closing ??= Promise.withResolvers();
      if (inFlight.size + waiting.size === 0) closing.resolve();
      await closing.promise;
      closed.abort();
      await kept.close();
    },
  };
};
