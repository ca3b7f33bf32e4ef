import { hash } from 'node:crypto';
import { CarillonError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { canonical } from '../core/json.ts';
import { droppedBefore } from './dropped-before.ts';
import { lineOf } from './event-line.ts';
import type { Move } from './move.ts';
import { visibleEvents } from './visible-events.ts';

/** A log in one word: SHA-256 over its events, each bound to those before it. */
export type LogHash = { readonly hash: string; readonly events: number };

const chain = (before: string, line: string): string => hash('sha256', `${before}\n${line}`, 'hex');

const differ = (what: string): never => {
  throw new CarillonError('store-corrupt', `The move is not complete: ${what}. Move again into an empty database`);
};

const placeOf = (event: RecordedEvent | void): string => (event ? `${event.stream} ${event.revision}` : 'the end');

/**
 * Reads both logs from the beginning, and compares every event and the hashes over them. What both have dropped is left out:
 * KurrentDB shows it in its log until a scavenge. Throws `store-corrupt`, naming the first difference.
 */
export const verifyLog = async ({ from, to }: Pick<Move, 'from' | 'to'>, passed: (event: RecordedEvent) => void): Promise<LogHash> => {
  const dropped = async (event: RecordedEvent): Promise<boolean> =>
    (await droppedBefore(to.store, event)) !== null && (await droppedBefore(from.store, event)) !== null;
  const origin = visibleEvents(from.store);
  const target = visibleEvents(to.store);
  let [here, there, events] = ['', '', 0];
  let left = await origin.next();
  let right = await target.next();
  while (!(left.done && right.done)) {
    if (!left.done && !right.done && lineOf(left.value) === lineOf(right.value)) {
      here = chain(here, lineOf(left.value));
      there = chain(there, lineOf(right.value));
      events++;
      passed(left.value);
      left = await origin.next();
    } else if (right.done || !(await dropped(right.value)))
      return differ(`it has ${placeOf(right.value)} where the folder has ${placeOf(left.value)}`);
    right = await target.next();
  }
  return here === there ? { hash: here, events } : differ('the hashes over both logs are not the same');
};

/** Compares every person's fields. Throws `store-corrupt`, without saying whose. */
export const verifyVault = async ({ from, to }: Pick<Move, 'from' | 'to'>): Promise<void> => {
  for (const { subject, fields } of from.vaultEntries()) {
    const there = await to.vault.get(subject);
    if (there === null || canonical(there) !== canonical(fields)) differ('an entry of the vault is not what the folder has');
  }
};
