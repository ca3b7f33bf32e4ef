import type { Cell, Key, Row, TableSpec } from '../../core/projection.ts';
import type { Query } from '../../ports/read-models.ts';

/** SQL of one table of one build. JSON columns are text; every cell comes back as it went in. */
export type Physical = {
  readonly name: string;
  readonly spec: TableSpec;
  readonly columns: readonly string[];
  readonly json: ReadonlySet<string>;
};

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const sqlTypes = { text: 'TEXT', integer: 'INTEGER', json: 'TEXT' } as const;

export const physical = (spec: TableSpec, version: number, generation: number): Physical => ({
  name: `${spec.name}__${version}_${generation}`,
  spec,
  columns: Object.keys(spec.columns),
  json: new Set(
    Object.entries(spec.columns)
      .filter(([, type]) => type === 'json')
      .map(([column]) => column),
  ),
});

/**
 * Table and indexes. A table that is little more than its key is kept in key order itself, which saves an index. One with JSON is
 * not: its long rows would stand in the inner pages of the tree too, and every search would go through them (twice the cost at
 * states of 2 KB; counting along the key reads all of them).
 */
export const createSql = ({ name, spec, columns, json }: Physical): string => {
  const body = columns.map((column) => `${quote(column)} ${sqlTypes[spec.columns[column]!]}`).join(', ');
  const rowid = json.size > 0 ? '' : ' WITHOUT ROWID';
  const indexes = (spec.indexes ?? []).map(
    (index, place) => `CREATE INDEX IF NOT EXISTS ${quote(`${name}_${place}`)} ON ${quote(name)} (${index.map(quote).join(', ')});`,
  );
  return `CREATE TABLE IF NOT EXISTS ${quote(name)} (${body}, PRIMARY KEY (${spec.key.map(quote).join(', ')}))${rowid};${indexes.join('')}`;
};

export const dropSql = (name: string): string => `DROP TABLE IF EXISTS ${quote(name)}`;

/** An update in place: OR REPLACE would take every index entry out and put it in again, a quarter of a commit's cost. */
export const upsertSql = ({ name, spec, columns }: Physical): string => {
  const rest = columns.filter((column) => !spec.key.includes(column)).map((column) => `${quote(column)} = excluded.${quote(column)}`);
  const places = columns.map(() => '?').join(', ');
  const update = rest.length === 0 ? 'NOTHING' : `UPDATE SET ${rest.join(', ')}`;
  return `INSERT INTO ${quote(name)} (${columns.map(quote).join(', ')}) VALUES (${places}) ON CONFLICT (${spec.key.map(quote).join(', ')}) DO ${update}`;
};

export const deleteSql = ({ name, spec }: Physical): string =>
  `DELETE FROM ${quote(name)} WHERE ${spec.key.map((column) => `${quote(column)} = ?`).join(' AND ')}`;

export const deleteWhereSql = ({ name }: Physical, column: string): string => `DELETE FROM ${quote(name)} WHERE ${quote(column)} = ?`;

export const getSql = ({ name, spec }: Physical): string =>
  `SELECT * FROM ${quote(name)} WHERE ${spec.key.map((column) => `${quote(column)} = ?`).join(' AND ')}`;

export const toCells = (table: Physical, row: Row): (string | number | null)[] =>
  table.columns.map((column) => {
    const cell = row[column];
    if (cell === undefined || cell === null) return table.json.has(column) && cell === null ? 'null' : null;
    return table.json.has(column) ? JSON.stringify(cell) : (cell as string | number);
  });

export const toRow = (table: Physical, stored: Record<string, unknown>): Row => {
  const row: Record<string, Cell> = {};
  for (const column of table.columns) {
    const cell = stored[column] as string | number | null;
    row[column] = table.json.has(column) && typeof cell === 'string' ? (JSON.parse(cell) as Cell) : cell;
  }
  return row;
};

export const keyOf = (table: Physical, row: Row): Key => table.spec.key.map((column) => row[column] as string | number);

/** `WHERE` and `ORDER BY` of a query along the key or an index, with its parameters. */
export const querySql = (
  { name, spec }: Physical,
  select: string,
  query: Partial<Query>,
): { sql: string; parameters: (string | number)[] } => {
  const where = query.where ?? {};
  const along = [...(query.index ?? spec.key)];
  const rest = [
    ...along.filter((column) => !(column in where)),
    ...spec.key.filter((column) => !along.includes(column) && !(column in where)),
  ];
  const clauses = Object.keys(where).map((column) => `${quote(column)} = ?`);
  const parameters: (string | number)[] = Object.values(where);
  const [next] = rest;
  if (query.from !== undefined && next !== undefined) {
    clauses.push(`${quote(next)} >= ?`);
    parameters.push(query.from);
  }
  if (query.to !== undefined && next !== undefined) {
    clauses.push(`${quote(next)} <= ?`);
    parameters.push(query.to);
  }
  if (query.after !== undefined) {
    clauses.push(`(${rest.map(quote).join(', ')}) ${query.descending ? '<' : '>'} (${rest.map(() => '?').join(', ')})`);
    parameters.push(...rest.map((column) => query.after![column] as string | number));
  }
  const order =
    query.limit === undefined || rest.length === 0
      ? ''
      : ` ORDER BY ${rest.map((column) => `${quote(column)} ${query.descending ? 'DESC' : 'ASC'}`).join(', ')}`;
  const limit = query.limit === undefined ? '' : ' LIMIT ?';
  if (query.limit !== undefined) parameters.push(query.limit);
  return {
    sql: `SELECT ${select} FROM ${quote(name)}${clauses.length > 0 ? ` WHERE ${clauses.join(' AND ')}` : ''}${order}${limit}`,
    parameters,
  };
};
