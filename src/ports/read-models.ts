import type { Position } from '../core/event.ts';
import type { Key, Projection, Row } from '../core/projection.ts';

/** The tables that readers see, or those that a rebuild fills beside them. */
export type Build = 'live' | 'rebuild';

/** One batch of a projection: rows and checkpoint in one transaction, fenced by the previous checkpoint. */
export type Commit = {
  readonly projection: string;
  readonly build: Build;
  readonly puts: readonly { readonly table: string; readonly row: Row }[];
  readonly removes: readonly { readonly table: string; readonly key: Key }[];
  readonly removeWheres: readonly { readonly table: string; readonly column: string; readonly value: string }[];
  readonly previous: Position | null;
  readonly next: Position;
};

/**
 * Reads along the key, or along one of the table's indexes. `where` fixes leading columns; `from` and `to` (inclusive)
 * bound the next column; `after` is the place to go on from: the remaining index columns of the last row, then its key.
 */
export type Query = {
  readonly index?: readonly string[];
  readonly where?: Readonly<Record<string, string | number>>;
  readonly from?: string | number;
  readonly to?: string | number;
  readonly after?: Row;
  readonly descending?: boolean;
  readonly limit: number;
};

/** Tables derived from the log. All of it can be rebuilt. */
export interface ReadModels {
  /**
   * Makes the tables of a projection's version if they are missing, and returns the checkpoint of that build (null: nothing yet).
   * A rebuild always begins anew. Throws `definition-invalid` when another projection has a table of that name.
   */
  open(projection: Projection, build: Build): Promise<Position | null>;
  /**
   * Throws `projection-fenced` when the checkpoint is not `previous` any more, a TypeError for a value that its column cannot hold.
   * Removals of a commit go before its puts.
   */
  commit(commit: Commit): Promise<void>;
  get(table: string, keys: readonly Key[], build?: Build): Promise<readonly (Row | null)[]>;
  list(table: string, query: Query): Promise<readonly Row[]>;
  /** Rows that match `where`, `from` and `to`. */
  count(table: string, query: Omit<Query, 'limit' | 'after' | 'descending'>): Promise<number>;
  /** The live checkpoint. Throws `projection-corrupt` when it is unreadable. */
  checkpoint(projection: string): Promise<Position | null>;
  /** Resolves when the live checkpoint has reached `position`, and when aborted or closed. */
  passed(projection: string, position: Position, signal?: AbortSignal): Promise<void>;
  /** The rebuilt tables become the live ones; the old ones go. One step for readers. */
  swap(projection: string): Promise<void>;
  /** SHA-256 over all rows of a build in key order. It is read in pages: whoever compares hashes keeps the build still. */
  hash(projection: string, build: Build): Promise<string>;
  /** Overwrites what was deleted, so that erased bytes are gone from the files too. */
  purge(): Promise<void>;
  close(): Promise<void>;
}
