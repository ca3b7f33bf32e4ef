import { stripVTControlCharacters, styleText } from 'node:util';
import type { Common } from './connect.ts';

export type Column<T> = { readonly title: string; readonly right?: boolean; of(row: T): string };

/** Text of others on a terminal: no control or direction characters. */
export const safe = (text: string): string =>
  stripVTControlCharacters(text).replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');

/** Columns in line, two spaces between, no box: they cut cleanly. */
export const table = <T>(columns: readonly Column<T>[], rows: readonly T[]): string[] => {
  const cells = rows.map((row) => columns.map((column) => safe(column.of(row))));
  const widths = columns.map((column, index) => Math.max(column.title.length, ...cells.map((row) => row[index]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => (columns[index]!.right ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!)))
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...cells.map(line)];
};

const colored = ({ color }: Common): boolean =>
  color === 'always' || (color === 'auto' && process.stdout.isTTY === true && !process.env.NO_COLOR);

export const bold = (common: Common, text: string): string => (colored(common) ? styleText('bold', text, { validateStream: false }) : text);

/** Data goes to stdout: a table for people, or the same rows as JSON. */
export const printRows = <T>(common: Common, columns: readonly Column<T>[], rows: readonly T[], empty: string): void => {
  if (common.output === 'json') return print(JSON.stringify(rows, null, 2));
  if (common.output === 'ndjson') return print(...rows.map((row) => JSON.stringify(row)));
  if (rows.length === 0) return say(empty);
  const [head = '', ...lines] = table(columns, rows);
  print(bold(common, head), ...lines);
};

/** One thing: its lines for people, or itself as JSON. */
export const printOne = (common: Common, value: unknown, lines: readonly string[]): void =>
  common.output === 'table'
    ? print(...lines.map(safe))
    : print(common.output === 'json' ? JSON.stringify(value, null, 2) : JSON.stringify(value));

export const print = (...lines: readonly string[]): void => {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
};

/** Messages go to stderr: piping the data away leaves them on the screen. */
export const say = (...lines: readonly string[]): void => {
  process.stderr.write(`${lines.join('\n')}\n`);
};

/** `2026-11-23T14:00:00.000Z` -> `2026-11-23 14:00`; UTC, seconds where they are not zero. */
export const when = (at: string | null | undefined): string => (at ? at.replace('T', ' ').replace(/(:00)?(\.\d+)?Z$/, '') : '-');

export type Bar = { at(done: number, total: number): void; end(): void };

const width = 30;

/** Progress of long work on stderr: a bar on a terminal, a line for each tenth elsewhere. */
export const progressBar = (label: string, stream: NodeJS.WriteStream = process.stderr): Bar => {
  let told = -1;
  return {
    at: (done, total) => {
      const share = total === 0 ? 1 : done / total;
      if (stream.isTTY) {
        const full = Math.round(share * width);
        stream.write(`\r${label} ${'#'.repeat(full)}${'.'.repeat(width - full)} ${done} of ${total}`);
      } else if (Math.floor(share * 10) > told) stream.write(`${label} ${done} of ${total}\n`);
      told = Math.max(told, Math.floor(share * 10));
    },
    end: () => void (stream.isTTY && stream.write('\n')),
  };
};
