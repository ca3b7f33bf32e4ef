import { fromMs, type Instant } from '../../src/core/instant.ts';
import type { JsonObject } from '../../src/core/json.ts';

/** One line of the file before it has its id. */
export type Fact = { readonly to: string; readonly type: string; readonly data: JsonObject; readonly asOf: Instant };

export const second = 1_000;
export const minute = 60_000;
export const hour = 3_600_000;
export const day = 24 * hour;

/** Friday 2026-01-23, 00:00 UTC: day 0 of the long weekend. Tuesday is day 4. */
const friday = Date.UTC(2026, 0, 23);

/** The instant `days` and `ms` after the Friday's midnight. */
export const on = (days: number, ms = 0): Instant => fromMs(friday + days * day + ms);

/** Seeded dice (mulberry32), so that the file is the same whoever makes it. */
export const diceOf = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const hex = (digits: number): string => Array.from({ length: digits }, () => below(16).toString(16)).join('');
  /** A time of day: few at night, most in the evening. */
  const timeOfDay = (): number => {
    const at = Math.floor(((next() + next() + next()) / 3) * 20 * hour) + 4 * hour;
    return at - (at % second) + below(1_000);
  };
  return {
    below,
    hex,
    timeOfDay,
    chance: (share: number): boolean => next() < share,
    pick: <T>(items: readonly T[]): T => items[below(items.length)] as T,
  };
};

export type Dice = ReturnType<typeof diceOf>;

/** `donor-007`: a made-up id. */
export const numbered = (name: string, number: number, digits = 3): string => `${name}-${String(number).padStart(digits, '0')}`;
