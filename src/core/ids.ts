import { hash } from 'node:crypto';
import type { StreamName } from './event.ts';
import { type Instant, instant } from './instant.ts';
import { canonical, type Json } from './json.ts';

/** `<job>[/<scope>]@<slot>[~n]`, or `<job>[/<scope>]@manual-<command id>`. */
export type SlotId = `${string}@${string}`;

/** SHA-256 of a command's type and data: tells the same command from another one under the same id. */
export const commandHash = (type: string, data: Json): string => hash('sha256', `${type} ${canonical(data)}`, 'base64url');

/** An id computed from what caused it: the same cause gives the same id, on every machine. */
export const derivedId = (...parts: readonly string[]): string => hash('sha256', parts.join('\n'), 'hex').slice(0, 32);

/** `giving/release-escrows` or `baking/watch-cycle/<scope>`. */
export const scheduleKey = (job: string, scope = ''): string => (scope === '' ? job : `${job}/${scope}`);

/** `giving/release-escrows@2026-11-23T14:00Z`; seconds and milliseconds stand only where they are not zero. */
export const slotId = (key: string, slot: Instant, nth = 0): SlotId =>
  `${key}@${slot.replace(/(:00)?\.000Z$/, 'Z')}${nth > 0 ? `~${nth}` : ''}`;

export const manualSlotId = (key: string, commandId: string): SlotId => `${key}@manual-${commandId}`;

/** `giving/release-escrows@...` -> `giving/release-escrows`. */
export const keyOfSlot = (slot: SlotId): string => slot.slice(0, slot.indexOf('@'));

/** The instant of a schedule's slot; null for a manual one, whose instant stands in its opening. */
export const instantOfSlot = (slot: SlotId): Instant | null => {
  const text = slot.slice(slot.indexOf('@') + 1).replace(/~\d+$/, '');
  return text.startsWith('manual-') ? null : instant(text);
};

/** `context/verb-noun` of a schedule key, which may end in a scope. */
export const jobOfKey = (key: string): string => key.split('/', 2).join('/');

/** What follows the job's name in a schedule key; empty without a scope. */
export const scopeOfKey = (key: string): string => key.slice(jobOfKey(key).length + 1);

export const scheduleStream = (key: string): StreamName => `engine.schedule-${key}`;
export const runStream = (slot: SlotId): StreamName => `engine.run-${slot}`;
export const effectStream = (effect: string, key: string): StreamName => `engine.effect-${effect}/${derivedId(effect, key)}`;
/** What failed of `about` (an actor's stream, or an event's id) under `job` (a job's or a reactor's name). */
export const itemStream = (job: string, about: string): StreamName => `engine.item-${job}:${about}`;

/** The ids a reactor's command goes by: its own, then one for each time a person had it replayed. */
export const replayIds = (command: string, replays: number): readonly string[] => [
  command,
  ...Array.from({ length: replays }, (_, index) => derivedId(command, 'replay', String(index + 1))),
];
