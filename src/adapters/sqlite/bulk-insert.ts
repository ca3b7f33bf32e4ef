import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

/** Rows for a table, written several at a time: half of an insert's cost is the call. */
export type BulkInsert = {
  add(...row: readonly SQLInputValue[]): void;
  /** Writes what is left; before the rows are read, and before the commit. */
  flush(): void;
  /** Forgets what is left, after a rollback. */
  clear(): void;
};

const rowsPerCall = 8;

/** `into` is the head of the statement: `INSERT INTO words (id, word)`. */
export const createBulkInsert = (db: DatabaseSync, into: string, columns: number): BulkInsert => {
  const places = `(${Array(columns).fill('?').join(', ')})`;
  const one = db.prepare(`${into} VALUES ${places}`);
  const many = db.prepare(`${into} VALUES ${Array(rowsPerCall).fill(places).join(', ')}`);
  const full = columns * rowsPerCall;
  let values: SQLInputValue[] = [];
  return {
    add(...row) {
      for (const value of row) values.push(value);
      if (values.length < full) return;
      many.run(...values);
      values = [];
    },
    flush() {
      for (let start = 0; start < values.length; start += columns) one.run(...values.slice(start, start + columns));
      values = [];
    },
    clear() {
      values = [];
    },
  };
};
