import { CarillonError } from '../core/errors.ts';

/** Deeper JSON is refused. */
export const maxDepth = 32;

const poisoned = (value: object): boolean => {
  if (Object.hasOwn(value, '__proto__')) return true;
  const inner = Object.hasOwn(value, 'constructor') ? (value as { constructor: unknown }).constructor : null;
  return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'prototype');
};

/** Walks level by level, so that no nesting can exhaust the stack. */
const check = (value: unknown): void => {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (depth >= maxDepth) throw new CarillonError('bad-request', `JSON is nested deeper than ${maxDepth} levels`);
      if (poisoned(item)) throw new CarillonError('bad-request', 'JSON names "__proto__" or "constructor.prototype"');
      for (const inner of Object.values(item)) next.push(inner);
    }
    level = next;
  }
};

/** Reads JSON from outside. Throws `bad-request` for what is no JSON, too deep, or meant to change prototypes. */
export const parseJson = (text: string): unknown => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CarillonError('bad-request', 'This is not valid JSON');
  }
  check(value);
  return value;
};
