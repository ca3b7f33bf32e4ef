import type { RecordedEvent } from './event.ts';
import type { Json } from './json.ts';

export type ColumnType = 'text' | 'integer' | 'json';
export type Cell = string | number | null | Json;
export type Row = { readonly [column: string]: Cell };
/** The values of a table's key columns, in their order. */
export type Key = readonly (string | number)[];

/** A read-model table. `indexes` list the columns of each further index, in order; `list` reads along the key or one of them. */
export type TableSpec = {
  readonly name: string;
  readonly columns: { readonly [column: string]: ColumnType };
  readonly key: readonly string[];
  readonly indexes?: readonly (readonly string[])[];
};

/** The rows of one batch: reads see the batch's own writes; everything is committed together with the checkpoint. */
export type Rows = {
  /** Only rows that `reads` named for this event, or that were written in this batch. */
  get(table: string, key: Key): Row | null;
  put(table: string, row: Row): void;
  remove(table: string, key: Key): void;
  /** Drops every row whose `column` equals `value`; for erased streams. The column must lead the key or an index. */
  removeWhere(table: string, column: string, value: string): void;
};

/**
 * A pure fold of the log into tables. `reads` names the rows that `apply` will look at, so that a batch loads them in
 * one query; `apply` is synchronous. A changed fold needs a new `version`: it is filled anew at the start, and /readyz says so.
 * An event of type `StreamErased` reaches every projection, whatever its `types`.
 */
export type Projection = {
  readonly name: string;
  readonly version: number;
  readonly tables: readonly TableSpec[];
  /** True when rows tell places of events that may be erased later: after an erasure a rebuild cannot be compared with it. */
  readonly keepsPlaces?: boolean;
  /** Event types that concern it; all when absent. */
  readonly types?: readonly string[];
  /** Categories that concern it; all when absent. */
  readonly categories?: readonly string[];
  reads?(event: RecordedEvent): readonly { readonly table: string; readonly key: Key }[];
  apply(event: RecordedEvent, rows: Rows): void;
};

export const defineProjection = (projection: Projection): Projection => projection;
