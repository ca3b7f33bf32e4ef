import { type ChannelModel, connect } from 'amqplib';
import { type CarillonError, isCarillonError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Address } from './address.ts';
import { connectError, unavailable } from './errors.ts';
import { createGate, within } from './gate.ts';
import type { Say } from './say.ts';

export type LinkOptions = {
  readonly address: Address;
  /** What the broker's own tools show. */
  readonly name: string;
  readonly clock: Clock;
  readonly say: Say;
  /** Milliseconds until a first connection counts as failed. */
  readonly connectWithinMs: number;
  /** Work that has to be done on a new connection before anybody else uses it. */
  prepare?(model: ChannelModel): Promise<void>;
  /** The broker takes no publishes, for this reason; null: it does again. */
  blocked?(reason: string | null): void;
};

/** A connection that comes back by itself. */
export type Link = {
  /** The connection, as soon as it is there and prepared. Rejects `broker-unavailable` once the link is closed. */
  model(): Promise<ChannelModel>;
  /** Why it is not there, for messages. */
  problem(): CarillonError | null;
  close(): Promise<void>;
};

const socketTimeoutMs = 5_000;
const reconnect = { initialDelay: 50, maxDelay: 2_000, factor: 2, jitter: 0.2 } as const;
const prepareAgainMs = 500;
const goodbyeMs = 2_000;

const ignore = (): void => undefined;

/** A half-open socket would outlive its connection for minutes and keep the process alive. amqplib's types hide it. */
const destroySocket = (model: ChannelModel | null): void => {
  (model?.connection as { stream?: { destroy?(): void } } | undefined)?.stream?.destroy?.();
};

/**
 * amqplib's own recovery. Its `setup` must not wait: a connection that is lost while it does leaves an error without a
 * listener, and recovery stuck. So `setup` only listens, and preparing begins when the connection is handed over.
 * Throws `config-invalid` or `broker-unavailable` when there is no first connection.
 */
export const openLink = async (options: LinkOptions): Promise<Link> => {
  const { address, clock, say } = options;
  const closing = new AbortController();
  const ready = createGate<ChannelModel>();
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(ignore);
  let current: ChannelModel | null = null;
  let problem: CarillonError | null = null;

  const prepare = async (model: ChannelModel): Promise<void> => {
    while (current === model) {
      try {
        await options.prepare?.(model);
        if (current !== model) return;
        if (problem !== null) say('info', `${options.name}: connected to ${address.shown} again`);
        problem = null;
        return ready.open(model);
      } catch (error) {
        if (current !== model) return;
        problem = isCarillonError(error) ? error : unavailable('RabbitMQ could not be prepared', error);
        if (problem.code !== 'broker-unavailable') refused.reject(problem);
        say('error', problem.message);
        await clock.sleep(prepareAgainMs, closing.signal);
      }
    }
  };
  const lost = (error: Error): void => {
    destroySocket(current);
    current = null;
    ready.shut();
    problem = unavailable(`${options.name}: the connection to ${address.shown} was lost`, error);
    say('warn', problem.message);
  };

  const recovering = await connect(address.url, {
    timeout: socketTimeoutMs,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: options.name },
    recovery: { ...reconnect, waitForConnect: false, setup: (model: ChannelModel) => void model.on('error', ignore) },
  });
  recovering.on('error', ignore);
  recovering.on('blocked', (reason: string) => options.blocked?.(reason));
  recovering.on('unblocked', () => options.blocked?.(null));
  recovering.on('disconnect', lost);
  recovering.on('connect', (model) => {
    current = model;
    options.blocked?.(null);
    void prepare(model);
  });
  recovering.on('connect-failed', (error) => {
    problem = connectError(address, error);
    if (problem.code === 'config-invalid') refused.reject(problem);
  });

  const close = async (): Promise<void> => {
    if (closing.signal.aborted) return;
    closing.abort();
    const model = current;
    current = null;
    ready.fail(unavailable('The broker is closed'));
    // The good-bye of a dead peer never comes.
    await Promise.race([recovering.close().catch(ignore), clock.sleep(goodbyeMs)]);
    destroySocket(model);
  };
  try {
    const first = Promise.race([ready.wait(), refused.promise]);
    await within(clock, options.connectWithinMs, first, () => problem ?? connectError(address, new Error('no answer in time')));
  } catch (error) {
    await close();
    throw error;
  }
  return { model: ready.wait, problem: () => problem, close };
};
