import { commandRejected, type NewEvent, type RecordedEvent, type Revision, type StreamName } from '../core/event.ts';
import { derivedId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';

const rule = 'moved-placeholder';

/** A UUID, as KurrentDB asks for, that is the same in each run. */
const idOf = (stream: StreamName, revision: Revision): string =>
  derivedId('move', stream, String(revision)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/**
 * Stands where the origin has an event no more, so that what follows keeps its revision; it is removed again as soon as it can be.
 * KurrentDB shows it in the log until a scavenge: therefore it is of the one type that no actor and no projection evolves on.
 */
export const placeholder = (stream: StreamName, revision: Revision, asOf: Instant): NewEvent => ({
  type: commandRejected,
  data: { command: 'none', rule, facts: null },
  id: idOf(stream, revision),
  metadata: { correlationId: 'move', causationId: 'move', asOf, rule, schema: '1' },
});

export const isPlaceholder = ({ type, metadata }: Pick<RecordedEvent, 'type' | 'metadata'>): boolean =>
  type === commandRejected && metadata.rule === rule;
