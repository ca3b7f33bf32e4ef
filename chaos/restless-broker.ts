import { createPrng } from '../sim/prng.ts';
import type { Broker } from '../src/ports/broker.ts';

export type RestlessCounts = { duplicates: number; delays: number; messages: number };

/** Most milliseconds that a message, or its second copy, is held back; what is published meanwhile overtakes it. */
const mostMs = 400;

/**
 * A broker that confirms a message and delivers it when it likes: at once, later than those behind it, twice, the second time
 * much later. `calm` ends it: from then on messages go through as they come.
 */
export const restlessBroker = (inner: Broker, seed: number) => {
  const draw = createPrng(seed, 'restless');
  const counts: RestlessCounts = { duplicates: 0, delays: 0, messages: 0 };
  const held = new Set<Promise<void>>();
  let restless = true;

  const later = (ms: number, work: () => Promise<void>): void => {
    const done = Promise.withResolvers<void>();
    held.add(done.promise);
    // A consumer may be gone by then; a doorbell that nobody hears is no loss.
    setTimeout(
      () =>
        void work()
          .catch(() => undefined)
          .finally(() => {
            held.delete(done.promise);
            done.resolve();
          }),
      ms,
    );
  };
  const broker: Broker = {
    ...inner,
    publish: async (exchange, key, message, options) => {
      const send = (): Promise<void> => inner.publish(exchange, key, message, options);
      if (!restless) return send();
      counts.messages++;
      if (draw.chance(0.3)) {
        counts.duplicates++;
        later(draw.int(0, 3 * mostMs), send);
      }
      if (!draw.chance(0.3)) return send();
      counts.delays++;
      later(draw.int(1, mostMs), send);
    },
  };
  return {
    broker,
    counts,
    calm: async (): Promise<void> => {
      restless = false;
      await Promise.all(held);
    },
  };
};
