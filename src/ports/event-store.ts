import type { NewEvent, Position, RecordedEvent, Revision, StreamName } from '../core/event.ts';

export type Expected = Revision | 'no-stream';
export type AppendItem = { readonly stream: StreamName; readonly events: readonly NewEvent[]; readonly expected: Expected };

/** A conflict is a value. `erased` is final: the stream takes no event any more. */
export type AppendResult =
  | { readonly ok: true; readonly revision: Revision; readonly position: Position }
  | { readonly ok: false; readonly actual: Revision | 'no-stream' | 'erased' };

/** `from` is inclusive and counts in the reading direction; `limit` is 1,000 when absent. */
export type StreamRange = { readonly from?: Revision; readonly backwards?: boolean; readonly limit?: number };
export type StreamPage = { readonly events: readonly RecordedEvent[]; readonly head: Revision | 'no-stream' | 'erased' };

/** `after` is exclusive. Filters are applied by the store; `StreamErased` markers pass every filter. */
export type LogRange = {
  readonly after?: Position | null;
  readonly upTo?: Position;
  readonly types?: readonly string[];
  readonly categories?: readonly string[];
  /** Most events in a page; 1,000 when absent. */
  readonly pageSize?: number;
};

/** Events in log order, and how far this page reaches: also past what the filter left out. */
export type LogPage = { readonly events: readonly RecordedEvent[]; readonly upTo: Position };

/**
 * The log. The same event ids at the same expectation are a repeat: success, nothing added. Another id at a used
 * expectation is a conflict that tells the actual revision. Durable when answered.
 * Throws `store-unavailable`, `store-full`, `store-closed` (transient: the outcome is unknown until it is read).
 */
export interface EventStore {
  append(item: AppendItem): Promise<AppendResult>;
  /** Independent outcomes in one durable step. A stream may stand in it once only. */
  appendMany(items: readonly AppendItem[]): Promise<readonly AppendResult[]>;
  read(stream: StreamName, range?: StreamRange): Promise<StreamPage>;
  /** Pages up to the head of the moment (or `upTo`), then ends. */
  readAll(range: LogRange): AsyncIterable<LogPage>;
  /** Pages that exist, then pages as they come. Ends with an error when the store goes; the reader reopens it from its checkpoint. */
  subscribe(range: LogRange, signal: AbortSignal): AsyncIterable<LogPage>;
  /** Drops the events of a stream before a revision, for folded ledgers. */
  truncate(stream: StreamName, before: Revision): Promise<void>;
  /** Really gone. One `StreamErased` marker stays, so that the stream never takes an event again. */
  erase(stream: StreamName): Promise<void>;
  /** The last position, null when the log is empty. */
  head(): Promise<Position | null>;
  close(): Promise<void>;
}
