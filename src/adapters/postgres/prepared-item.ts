import { CarillonError } from '../../core/errors.ts';
import type { NewEvent, StreamName } from '../../core/event.ts';
import type { AppendItem, Expected } from '../../ports/event-store.ts';

type PreparedEvent = { readonly type: string; readonly id: string; readonly body: string };

/** An item whose events are text already: what cannot be written is refused before the statement. */
export type PreparedItem = {
  readonly stream: StreamName;
  readonly expected: Expected;
  readonly events: readonly PreparedEvent[];
  /** Length of its text. */
  readonly size: number;
};

export const prepareEvent = (event: NewEvent): PreparedEvent => {
  const data = JSON.stringify(event.data);
  if (data === undefined) throw new CarillonError('bad-request', `The data of ${event.type} is not JSON`);
  return { type: event.type, id: event.id, body: `[${data},${JSON.stringify(event.metadata)}]` };
};

/** Checks an item and turns its events into text. Throws `bad-request`. */
export const prepareItem = ({ stream, events, expected }: AppendItem): PreparedItem => {
  if (events.length === 0) throw new CarillonError('bad-request', `Nothing to append to ${stream}`);
  if (expected !== 'no-stream' && !(Number.isSafeInteger(expected) && expected >= 0))
    throw new CarillonError('bad-request', `Revision ${expected} cannot be expected`);
  const prepared = events.map(prepareEvent);
  return { stream, expected, events: prepared, size: prepared.reduce((size, { body }) => size + body.length, stream.length) };
};

/** Refuses a batch in which a stream stands twice. Throws `bad-request`. */
export const assertDistinct = (items: readonly AppendItem[]): void => {
  if (new Set(items.map((item) => item.stream)).size < items.length)
    throw new CarillonError('bad-request', 'A stream stands in the batch twice');
};
