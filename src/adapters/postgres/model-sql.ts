import type { Key, Row } from '../../core/projection.ts';
import type { Query } from '../../ports/read-models.ts';
import { arrayTypes, direction, type Physical, quote, toArrays } from './model-schema.ts';
import type { Value } from './queries.ts';

/** A statement and its parameters. */
export type Statement = { readonly sql: string; readonly values: readonly Value[] };

const unnest = (table: Physical, columns: readonly string[]): string =>
  `unnest(${columns.map((column, place) => `$${place + 1}::${arrayTypes[table.spec.columns[column]!]}`).join(', ')})`;

const keyName = (key: readonly unknown[]): string => JSON.stringify(key);

/** The last row of each key: one statement cannot write a row twice. */
const lastOfEach = (table: Physical, rows: readonly Row[]): Row[] => [
  ...new Map(rows.map((row) => [keyName(table.spec.key.map((column) => row[column])), row])).values(),
];

/** Writes rows, in place of those that have their keys. Throws a TypeError for a value that its column cannot hold. */
export const upsert = (table: Physical, rows: readonly Row[]): Statement => {
  const { name, spec, columns } = table;
  const rest = columns.filter((column) => !spec.key.includes(column)).map((column) => `${quote(column)} = excluded.${quote(column)}`);
  const all = columns.map(quote).join(', ');
  const update = rest.length === 0 ? 'NOTHING' : `UPDATE SET ${rest.join(', ')}`;
  return {
    sql: `INSERT INTO ${name} (${all}) SELECT * FROM ${unnest(table, columns)} ON CONFLICT (${spec.key.map(quote).join(', ')}) DO ${update}`,
    values: toArrays(table, lastOfEach(table, rows)),
  };
};

/** No row has a text with a zero byte: PostgreSQL cannot hold it. Nothing is equal to null. */
const sought = (value: string | number | undefined): string | number | null =>
  value === undefined || (typeof value === 'string' && value.includes('\0')) ? null : value;

const keyArrays = ({ spec }: Physical, keys: readonly Key[]): Value[] => spec.key.map((_, place) => keys.map((key) => sought(key[place])));
const wanted = ({ spec }: Physical): string => `wanted (${spec.key.map(quote).join(', ')})`;
const onKey = ({ spec }: Physical): string => spec.key.map((column) => `t.${quote(column)} = wanted.${quote(column)}`).join(' AND ');

export const removeKeys = (table: Physical, keys: readonly Key[]): Statement => ({
  sql: `DELETE FROM ${table.name} t USING ${unnest(table, table.spec.key)} AS ${wanted(table)} WHERE ${onKey(table)}`,
  values: keyArrays(table, keys),
});

export const removeValues = ({ name }: Physical, column: string, values: readonly string[]): Statement => ({
  sql: `DELETE FROM ${name} WHERE ${quote(column)} = ANY($1::text[])`,
  values: [values.map(sought)],
});

/** The rows of keys: the place of a key, counted from 1, before its columns. */
export const getRows = (table: Physical, keys: readonly Key[]): Statement => {
  const { name, spec, columns } = table;
  return {
    sql: `SELECT wanted.place, t.* FROM ${unnest(table, spec.key)} WITH ORDINALITY AS wanted (${[...spec.key.map(quote), 'place'].join(', ')})
      CROSS JOIN LATERAL (SELECT ${columns.map(quote).join(', ')} FROM ${name} t WHERE ${onKey(table)} LIMIT 1) AS t`,
    values: keyArrays(table, keys),
  };
};

/** A bound with a zero byte lies just behind the text before it: readers ask so for what comes after a value. */
const bound = (value: string | number): { readonly text: string | number; readonly behind: boolean } => {
  const zero = typeof value === 'string' ? value.indexOf('\0') : -1;
  return zero < 0 ? { text: value, behind: false } : { text: String(value).slice(0, zero), behind: true };
};

/** Along the key or an index: see `Query`. */
export const queryRows = ({ name, spec, columns }: Physical, select: 'rows' | 'count', query: Partial<Query>): Statement => {
  const values: Value[] = [];
  const place = (value: Value): string => `$${values.push(value)}`;
  const where = query.where ?? {};
  const along = query.index ?? spec.key;
  const rest = [...along, ...spec.key.filter((column) => !along.includes(column))].filter((column) => !(column in where));
  const [next] = rest;
  const clauses = Object.entries(where).map(([column, value]) => `${quote(column)} = ${place(sought(value))}`);
  if (query.from !== undefined && next !== undefined) {
    const { text, behind } = bound(query.from);
    clauses.push(`${quote(next)} ${behind ? '>' : '>='} ${place(text)}`);
  }
  if (query.to !== undefined && next !== undefined) clauses.push(`${quote(next)} <= ${place(bound(query.to).text)}`);
  const { after } = query;
  if (after !== undefined) {
    const marks = rest.map((column) => place(after[column] as string | number | null));
    clauses.push(`(${rest.map(quote).join(', ')}) ${query.descending ? '<' : '>'} (${marks.join(', ')})`);
  }
  const condition = clauses.length > 0 ? ` WHERE ${clauses.join(' AND ')}` : '';
  if (select === 'count') return { sql: `SELECT count(*) FROM ${name}${condition}`, values };
  const order = rest.map((column) => `${quote(column)} ${direction(spec, column, query.descending)}`).join(', ');
  const limit = query.limit === undefined ? '' : ` LIMIT ${place(query.limit)}`;
  return { sql: `SELECT ${columns.map(quote).join(', ')} FROM ${name}${condition}${order ? ` ORDER BY ${order}` : ''}${limit}`, values };
};
