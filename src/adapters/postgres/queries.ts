import type { Client, Pool } from 'pg';

export type Value = string | number | boolean | null | readonly (string | number | null)[];

/** Statements on a pool or a connection. */
export type Queries = {
  /** Rows as objects. A statement with values is prepared once for each connection. */
  query<R extends object>(sql: string, values?: readonly Value[]): Promise<R[]>;
  /** Rows as arrays, which is faster for many. */
  tuples<R extends readonly unknown[]>(sql: string, values?: readonly Value[]): Promise<R[]>;
  /** Rows that were changed. */
  run(sql: string, values?: readonly Value[]): Promise<number>;
};

/** Does something with a database; what fails is told in our codes. */
export type Guarded = <T>(work: () => Promise<T>) => Promise<T>;

/** Gives each text of a statement a name to prepare it under. */
export const createNames = (): ((sql: string) => string) => {
  const names = new Map<string, string>();
  return (sql) => {
    const name = names.get(sql) ?? `carillon_${names.size}`;
    names.set(sql, name);
    return name;
  };
};

export const createQueries = (runner: Pick<Pool | Client, 'query'>, nameFor: (sql: string) => string, guarded: Guarded): Queries => {
  const ask = (sql: string, values: readonly Value[]) =>
    values.length === 0 ? { text: sql } : { name: nameFor(sql), text: sql, values: values as unknown[] };
  return {
    query: <R extends object>(sql: string, values: readonly Value[] = []) =>
      guarded(async () => (await runner.query<R>(ask(sql, values))).rows),
    tuples: <R extends readonly unknown[]>(sql: string, values: readonly Value[] = []) =>
      guarded(async () => (await runner.query<R[] & unknown[]>({ ...ask(sql, values), rowMode: 'array' })).rows as unknown as R[]),
    run: (sql, values = []) => guarded(async () => (await runner.query(ask(sql, values))).rowCount ?? 0),
  };
};
