import { hash } from 'node:crypto';
import type { Cell, ColumnType, Row, TableSpec } from '../../core/projection.ts';
import type { Value } from './queries.ts';

/** One table of one build. JSON columns are text, so that every cell comes back as it went in. */
export type Physical = {
  /** Quoted, with its schema. */
  readonly name: string;
  /** Without quotes and schema. */
  readonly table: string;
  readonly spec: TableSpec;
  readonly columns: readonly string[];
};

/** Names are cut after 63 bytes; indexes need some of them. */
const longestName = 50;

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const nameInSchema = (table: string): string => `carillon_models.${quote(table)}`;

const tableName = (name: string): string =>
  Buffer.byteLength(name) <= longestName
    ? name
    : `${name.slice(0, 30).replace(/[^\x20-\x7e]/g, '_')}_${hash('sha256', name, 'hex').slice(0, 16)}`;

export const physical = (spec: TableSpec, version: number, generation: number): Physical => {
  const table = tableName(`${spec.name}__${version}_${generation}`);
  return { name: nameInSchema(table), table, spec, columns: Object.keys(spec.columns) };
};

/** Text compares by its bytes, whatever the language of the database. */
const sqlTypes = { text: 'text COLLATE "C"', integer: 'bigint', json: 'text COLLATE "C"' } as const satisfies Record<ColumnType, string>;
export const arrayTypes = { text: 'text[]', integer: 'bigint[]', json: 'text[]' } as const satisfies Record<ColumnType, string>;

/** Rows without a value come first, as in SQLite; a key has none of them, and `NULLS FIRST` would keep its index from being used. */
export const direction = (spec: TableSpec, column: string, descending = false): string =>
  spec.key.includes(column) ? (descending ? 'DESC' : 'ASC') : descending ? 'DESC NULLS LAST' : 'ASC NULLS FIRST';

/** The table and its indexes, one statement each. An index ends with the key: rows that it has in common are in key order. */
export const createSql = ({ name, table, spec, columns }: Physical): string[] => {
  const body = columns.map((column) => `${quote(column)} ${sqlTypes[spec.columns[column]!]}`).join(', ');
  const indexes = (spec.indexes ?? []).map((index, place) => {
    const along = [...index, ...spec.key.filter((column) => !index.includes(column))];
    return `CREATE INDEX ${quote(`${table}_${place}`)} ON ${name} (${along.map((column) => `${quote(column)} ${direction(spec, column)}`).join(', ')})`;
  });
  return [`CREATE TABLE ${name} (${body}, PRIMARY KEY (${spec.key.map(quote).join(', ')}))`, ...indexes];
};

export const dropSql = (table: string): string => `DROP TABLE IF EXISTS ${nameInSchema(table)}`;

const misfit = ({ spec }: Physical, column: string, cell: unknown): never => {
  throw new TypeError(
    `Column "${column}" of "${spec.name}" cannot hold ${typeof cell === 'object' ? 'an object' : `the ${typeof cell} ${String(cell)}`}`,
  );
};

const cellOf = (table: Physical, column: string, cell: Cell | undefined): string | number | null => {
  const type = table.spec.columns[column];
  if (type === 'json') return cell === undefined ? null : JSON.stringify(cell);
  if (cell === undefined || cell === null) return null;
  if (type === 'integer') return typeof cell === 'number' && Number.isSafeInteger(cell) ? cell : misfit(table, column, cell);
  if (typeof cell === 'number') return String(cell);
  return typeof cell === 'string' && !cell.includes('\0') ? cell : misfit(table, column, cell);
};

/** The rows as one array for each column. Throws a TypeError for a value that its column cannot hold. */
export const toArrays = (table: Physical, rows: readonly Row[]): Value[] =>
  table.columns.map((column) => rows.map((row) => cellOf(table, column, row[column])));

/** A row of a statement that selects the columns in their order. */
export const toRow = ({ spec, columns }: Physical, stored: readonly (string | number | null)[]): Row => {
  const row: Record<string, Cell> = {};
  for (const [place, column] of columns.entries()) {
    const cell = stored[place] ?? null;
    row[column] = spec.columns[column] === 'json' && typeof cell === 'string' ? (JSON.parse(cell) as Cell) : cell;
  }
  return row;
};
