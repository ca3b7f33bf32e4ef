import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { type CarillonError, isCarillonError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { codeOf, replyCode, unavailable } from './errors.ts';
import { createGate } from './gate.ts';

export type KeptOptions<C extends Channel> = {
  readonly clock: Clock;
  /** The connection to open it on. */
  model(): Promise<ChannelModel>;
  open(model: ChannelModel): Promise<C>;
  /** Makes a fresh channel ready for use. */
  prepare?(channel: C): Promise<void>;
  /** It can be used. */
  ready?(): void;
  /** It is gone, whatever was under way on it. `error` is the server's when it closed this channel alone. */
  lost?(error: Error | null): void | Promise<void>;
};

/** A channel that is opened again when it, or its connection, is gone. */
export type KeptChannel<C extends Channel> = {
  now(): C | null;
  /** Rejects for good when the first one is refused by the server, and when closed. */
  wait(): Promise<C>;
  /** What was sent on it before still gets there. */
  close(): Promise<void>;
};

const goodbyeMs = 2_000;
const again = { firstMs: 50, maxMs: 2_000 } as const;

const ignore = (): void => undefined;

export const openPlain = (model: ChannelModel): Promise<Channel> => model.createChannel();
export const openConfirm = (model: ChannelModel): Promise<ConfirmChannel> => model.createConfirmChannel();

/** Says good-bye without waiting for the answer: that of a dead connection never comes. */
export const discard = (channel: Channel): void => void channel.close().catch(ignore);

/** Resolves when the channel is closed, with the server's reason if it had one. */
const closedOf = (channel: Channel): Promise<Error | null> => {
  let reason: Error | null = null;
  channel.on('error', (error) => {
    reason = error;
  });
  return new Promise((resolve) => channel.once('close', () => resolve(reason)));
};

/** A refusal by the server, other than a lost connection: trying the same again will not help. */
const refusedBy = (error: unknown): boolean => isCarillonError(error) || Object.values(replyCode).some((code) => code === codeOf(error));

export const keepChannel = <C extends Channel>(options: KeptOptions<C>): KeptChannel<C> => {
  const gate = createGate<C>();
  const closing = new AbortController();

  /** One life of the channel. */
  const live = async (): Promise<void> => {
    const channel = await options.open(await options.model());
    const closed = closedOf(channel);
    // A queue that has lost its leader never answers: what waits for it ends with the channel.
    const abandon = (): void => discard(channel);
    closing.signal.addEventListener('abort', abandon);
    try {
      await options.prepare?.(channel);
    } catch (error) {
      discard(channel);
      await options.lost?.(error instanceof Error ? error : null);
      throw error;
    } finally {
      closing.signal.removeEventListener('abort', abandon);
    }
    if (closing.signal.aborted) return discard(channel);
    gate.open(channel);
    options.ready?.();
    const error = await closed;
    gate.shut();
    await options.lost?.(error);
  };
  const keep = async (): Promise<void> => {
    let first = true;
    for (let waitMs: number = again.firstMs; !closing.signal.aborted; ) {
      const failed = await live().then(
        () => null,
        (error: unknown) => ({ error }),
      );
      if (failed !== null && first && refusedBy(failed.error)) return gate.fail(failed.error as CarillonError);
      if (failed === null) first = false;
      waitMs = failed === null ? again.firstMs : Math.min(waitMs * 2, again.maxMs);
      await options.clock.sleep(waitMs, closing.signal);
    }
  };
  void keep();

  return {
    now: gate.now,
    wait: gate.wait,
    async close() {
      closing.abort();
      const channel = gate.now();
      gate.fail(unavailable('The broker is closed'));
      if (channel !== null) await Promise.race([channel.close().catch(ignore), options.clock.sleep(goodbyeMs)]);
    },
  };
};
