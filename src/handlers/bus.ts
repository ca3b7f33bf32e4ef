import type { Answer, Command } from '../core/command.ts';
import { CarillonError } from '../core/errors.ts';
import { queueKey } from '../core/partition.ts';
import { type Broker, exchanges } from '../ports/broker.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Commands } from '../ports/commands.ts';

/** An answer that does not come within this time is unknown; the sender repeats the command under its id. */
const answerWithinMs = 30_000;
const sweepMs = 1_000;

type Waiting = { since: number; done(answer: Answer): void; failed(error: unknown): void };
export type Reply = { readonly ref: string; readonly answer: Answer };

export type Bus = Commands & { close(): Promise<void> };

/** Sends commands through the broker to the owners of their actors; answers come back on a queue of this instance. */
export const createBus = async (deps: { broker: Broker; clock: Clock; ids: Ids; partitions: number }): Promise<Bus> => {
  const { broker, clock, ids, partitions } = deps;
  const instance = ids.next();
  const queue = `carillon.replies.${instance}`;
  const waiting = new Map<string, Waiting>();
  const stopping = new AbortController();
  let last = 0;

  await broker.declare({
    exchanges: [
      { name: exchanges.replies, kind: 'direct' },
      { name: exchanges.commands, kind: 'direct' },
    ],
    queues: [{ name: queue, transient: true }],
    bindings: [{ exchange: exchanges.replies, queue, key: instance }],
  });
  const consumer = await broker.consume(queue, { prefetch: 1_000 }, async (message) => {
    const reply = message.body as Reply;
    waiting.get(reply.ref)?.done(reply.answer);
    waiting.delete(reply.ref);
    return 'ack';
  });

  const sweep = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const slept = clock.monotonic();
      await clock.sleep(sweepMs, stopping.signal);
      // The process stood still: so did those who answer, if they are in it.
      if (clock.monotonic() - slept > 5 * sweepMs) for (const entry of waiting.values()) entry.since = clock.monotonic();
      const limit = clock.monotonic() - answerWithinMs;
      for (const [ref, entry] of waiting) {
        if (entry.since > limit) break;
        waiting.delete(ref);
        entry.failed(new CarillonError('answer-unknown', 'No answer came within 30 s'));
      }
    }
  };
  void sweep();

  const send: Commands['send'] = (command, options = {}) => {
    const ref = String(++last);
    const headers: Record<string, string> = { replyTo: instance, ref };
    if (command.traceparent !== undefined) headers.traceparent = command.traceparent;
    return new Promise((done, failed) => {
      waiting.set(ref, { since: clock.monotonic(), done, failed });
      const publish = broker.publish(
        exchanges.commands,
        queueKey(command.to, partitions),
        { id: command.id, type: 'command', headers, body: command },
        options,
      );
      publish.catch((error: unknown) => {
        waiting.delete(ref);
        failed(error);
      });
    });
  };

  return {
    send,
    sendMany: (commands, options) => Promise.all(commands.map((command: Command) => send(command, options))),
    close: async () => {
      stopping.abort();
      await consumer.stop();
      for (const entry of waiting.values()) entry.failed(new CarillonError('store-closed', 'The service is stopping'));
      waiting.clear();
    },
  };
};
