import type { RecordedEvent } from '../../src/core/event.ts';
import type { Key, Projection, Row, Rows } from '../../src/core/projection.ts';

/** A one-table projection in memory, which checks that `apply` looks only at rows that `reads` has named. */
export const tableOf = (projection: Projection) => {
  const spec = projection.tables[0];
  if (!spec || projection.tables.length > 1) throw new Error(`${projection.name} has not exactly one table`);
  const stored = new Map<string, Row>();
  const textOf = (key: Key): string => JSON.stringify(key);
  const keyOf = (row: Row): Key => spec.key.map((column) => row[column] as string | number);
  const apply = (event: RecordedEvent): void => {
    const named = new Set((projection.reads?.(event) ?? []).map(({ key }) => textOf(key)));
    const rows: Rows = {
      get: (_table, key) => {
        if (!named.has(textOf(key))) throw new Error(`${projection.name} reads ${textOf(key)} without naming it`);
        return stored.get(textOf(key)) ?? null;
      },
      put: (_table, row) => void stored.set(textOf(keyOf(row)), row),
      remove: (_table, key) => void stored.delete(textOf(key)),
      removeWhere: (_table, column, value) => {
        for (const [key, row] of stored) if (row[column] === value) stored.delete(key);
      },
    };
    projection.apply(event, rows);
  };
  return { apply, rows: (): Row[] => [...stored.values()] };
};
