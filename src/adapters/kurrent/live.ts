import type { AllStreamSubscription } from '@kurrent/kurrentdb-client';
import type { Clock } from '../../ports/clock.ts';
import { fromServer } from './codec.ts';
import type { Connection } from './connection.ts';
import type { LogReader } from './log-reader.ts';
import { pairOf } from './position.ts';
import { createWindow, type Window } from './window.ts';

/** Tells readers that the log has grown. One subscription serves all readers of a store, and only while few events come. */
export type Live = {
  /** Resolves with a head beyond `after`; with null when aborted. Throws `store-unavailable`, `store-closed`. */
  beyond(after: number, signal: AbortSignal): Promise<number | null>;
  /** What the subscription has told after `after`; null when that is not all of it. */
  page: Window['after'];
};

/**
 * Servers from 25.1 compress each event of a subscription alone, and inflating them takes half a millisecond apiece. Above
 * this many in a tenth of a second the subscription is left, and the head is asked for every few milliseconds instead.
 */
const burst = { events: 200, ms: 100 };
const pollMs = 5;
/** A poll that finds nothing new counts one up, another one three down: at this count a subscription is opened again. */
const quietEnough = 40;

type Listening = { readonly window: Window; readonly subscription: AllStreamSubscription };

/** A promise that many may wait for, and nobody has to. */
const createChange = (): PromiseWithResolvers<void> => {
  const change = Promise.withResolvers<void>();
  change.promise.catch(() => undefined);
  return change;
};

const orAborted = (change: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => resolve();
    signal.addEventListener('abort', stop, { once: true });
    change.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });

export const createLive = ({ client, kurrent, closing, assertOpen, errorOf }: Connection, reader: LogReader, clock: Clock): Live => {
  let listening: Listening | null = null;
  let change = createChange();
  let quiet = quietEnough;
  let known = 0;
  let asking: Promise<number> | null = null;

  const leave = (): void => {
    const left = listening;
    listening = null;
    void left?.subscription.unsubscribe().catch(() => undefined);
  };
  const wake = (error?: unknown): void => {
    const { resolve, reject } = change;
    change = createChange();
    if (error === undefined) resolve();
    else reject(errorOf(error));
  };
  const fail = (error: unknown): void => {
    leave();
    wake(error);
  };
  const listen = (from: number): void => {
    const fromPosition = from === 0 ? ('start' as const) : pairOf(from);
    const subscription = client.subscribeToAll({ fromPosition, filter: kurrent.excludeSystemEvents({ checkpointInterval: 1000 }) });
    const mine: Listening = { window: createWindow(from), subscription };
    listening = mine;
    let since = clock.monotonic();
    let count = 0;
    subscription.on('data', ({ event }) => {
      if (listening !== mine || !event) return;
      mine.window.add(Number(event.position.prepare), fromServer(event));
      known = Math.max(known, mine.window.to);
      count += 1;
      if (clock.monotonic() - since > burst.ms) {
        since = clock.monotonic();
        count = 0;
      }
      if (count > burst.events) {
        quiet = 0;
        leave();
      }
      wake();
    });
    for (const end of ['error', 'end', 'close'] as const)
      subscription.on(end, (error?: unknown) => {
        if (listening === mine) fail(error ?? new Error('the subscription ended'));
      });
  };
  /** Readers that ask at the same time share one answer. */
  const ask = (): Promise<number> => {
    const answer = async (): Promise<number> => {
      try {
        const head = await reader.head();
        quiet = head > known ? Math.max(0, quiet - 3) : quiet + 1;
        known = Math.max(known, head);
        return head;
      } finally {
        asking = null;
      }
    };
    asking ??= answer();
    return asking;
  };
  closing.addEventListener('abort', () => fail(new Error('closed')), { once: true });

  return {
    async beyond(after, signal) {
      while (!signal.aborted) {
        assertOpen();
        if (listening) {
          if (listening.window.to > after) return listening.window.to;
          await orAborted(change.promise, signal);
          continue;
        }
        const head = await ask();
        if (head > after) return head;
        if (quiet < quietEnough) await clock.sleep(pollMs, signal);
        else if (!listening) listen(head);
      }
      return null;
    },
    page: (after, limit) => listening?.window.after(after, limit) ?? null,
  };
};
