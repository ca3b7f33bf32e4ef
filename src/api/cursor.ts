import { CarillonError } from '../core/errors.ts';
import type { Row } from '../core/projection.ts';

/** A place in a list as opaque text. */
export const toCursor = (place: Row): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/** Reads a place back. Throws `bad-request` for what was not made here. */
export const fromCursor = (text: string | undefined): Row | undefined => {
  if (text === undefined) return undefined;
  try {
    const place: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    const cells = typeof place === 'object' && place !== null && !Array.isArray(place) ? Object.values(place) : [null];
    if (cells.every((cell) => typeof cell === 'string' || typeof cell === 'number')) return place as Row;
  } catch {
    // Said below.
  }
  throw new CarillonError('bad-request', 'cursor was not made by this list');
};
