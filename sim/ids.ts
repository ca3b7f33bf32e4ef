import type { Ids } from '../src/ports/clock.ts';
import { createPrng } from './prng.ts';
import type { World } from './world.ts';

/** UUIDs v7 of virtual time and a seeded stream of chances. */
export const seededIds = (world: World, seed: number): Ids => {
  const prng = createPrng(seed, 'ids');
  let count = 0;
  const hex = (digits: number): string =>
    Math.floor(prng.next() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return {
    next: (): string => {
      const time = world.nowMs().toString(16).padStart(12, '0');
      count = (count + 1) & 0xfff;
      return `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, '0')}-8${hex(3)}-${hex(6)}${hex(6)}`;
    },
  };
};
