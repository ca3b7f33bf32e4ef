import type { Message } from '../../ports/broker.ts';

/** A message in a queue. `order` is its place among all messages: a returned one goes back to where it was. */
export type Waiting = { readonly message: Message; readonly order: number; readonly urgent: boolean; readonly attempt: number };

/** First in, first out; what was returned goes before what came later. */
export type Lane = { readonly size: number; push(item: Waiting): void; putBack(item: Waiting): void; shift(): Waiting | undefined };

/** Taken items are dropped from the front of the array in bulk. */
const compactAt = 4096;

export const createLane = (): Lane => {
  let fresh: (Waiting | undefined)[] = [];
  let start = 0;
  const returned: Waiting[] = [];

  const shiftFresh = (): Waiting | undefined => {
    const item = fresh[start];
    if (!item) return undefined;
    fresh[start++] = undefined;
    if (start >= compactAt && start * 2 >= fresh.length) {
      fresh = fresh.slice(start);
      start = 0;
    }
    return item;
  };
  return {
    get size() {
      return fresh.length - start + returned.length;
    },
    push(item) {
      fresh.push(item);
    },
    putBack(item) {
      const after = returned.findLastIndex((other) => other.order < item.order);
      returned.splice(after + 1, 0, item);
    },
    shift: () => returned.shift() ?? shiftFresh(),
  };
};
