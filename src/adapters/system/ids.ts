import { randomUUIDv7 } from 'node:crypto';
import type { Ids } from '../../ports/clock.ts';

/** Ids in one millisecond beyond which the time part is counted on. */
const perMs = 0x1000;

/**
 * UUID v7: time, then chance. Node's own are not in order within a millisecond; here the 12 bits behind the version
 * count up in it (RFC 9562, method 1), so ids of one process sort in the order in which they were made.
 */
export const createSystemIds = (now: () => number = Date.now): Ids => {
  let lastMs = 0;
  let count = 0;
  let time = '';
  return {
    next() {
      const ms = now();
      count++;
      if (ms > lastMs || count >= perMs) {
        lastMs = Math.max(ms, lastMs + 1);
        count = 0;
        const hex = lastMs.toString(16).padStart(12, '0');
        time = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
      }
      return `${time}${count.toString(16).padStart(3, '0')}${randomUUIDv7().slice(18)}`;
    },
  };
};
