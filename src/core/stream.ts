import { CarillonError } from './errors.ts';
import type { StreamName } from './event.ts';

const shape = /^[a-z][a-z0-9]*\.[a-z][a-z0-9]*-[A-Za-z0-9][A-Za-z0-9._:/@~-]*$/;
const maxLength = 250;

/** Reads a stream name written by a person or another program. Throws `stream-invalid`. */
export const streamName = (text: string): StreamName => {
  if (text.length > maxLength || !shape.test(text))
    throw new CarillonError('stream-invalid', `"${text.slice(0, 60)}" is not a stream name`);
  return text as StreamName;
};

/** `giving.escrow-7f3a` -> `giving.escrow`. */
export const categoryOf = (stream: StreamName): string => stream.slice(0, stream.indexOf('-'));

/** `giving.escrow-7f3a` -> `7f3a`. */
export const idOf = (stream: StreamName): string => stream.slice(stream.indexOf('-') + 1);

/** `giving.escrow` -> `giving`. */
export const contextOf = (category: string): string => category.slice(0, category.indexOf('.'));

/** The stream of `id` in `category`. Throws `stream-invalid`. */
export const streamOf = (category: string, id: string): StreamName => streamName(`${category}-${id}`);
