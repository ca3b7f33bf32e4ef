import { CarillonError } from '../core/errors.ts';
import type { Position } from '../core/event.ts';
import type { Service } from './service.ts';

/** A position as a client wrote it, made as long as this store writes them; `0` is before the first. */
export const positionOf = async ({ store }: Service, text: string): Promise<Position> => {
  const head = await store.head();
  if (!/^\d{1,20}$/.test(text) || (head !== null && text.length > head.length))
    throw new CarillonError('bad-request', 'from is not a position of this log');
  return text.padStart(head?.length ?? text.length, '0') as Position;
};
