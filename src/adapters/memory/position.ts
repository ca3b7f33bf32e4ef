import { CarillonError } from '../../core/errors.ts';
import type { Position } from '../../core/event.ts';

const digits = 16;

/** The text of the `n`th place in the log, counted from 1. */
export const positionOf = (n: number): Position => String(n).padStart(digits, '0') as Position;

/** A position's number; 0 for "before the first". Throws `bad-request` for another store's position. */
export const numberOf = (position: Position | null | undefined): number => {
  if (position === null || position === undefined) return 0;
  const n = Number(position);
  if (position.length !== digits || !Number.isSafeInteger(n) || n < 0)
    throw new CarillonError('bad-request', `"${position.slice(0, 40)}" is not a position of this store`);
  return n;
};
