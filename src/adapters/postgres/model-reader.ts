import { createHash } from 'node:crypto';
import type { Row } from '../../core/projection.ts';
import type { Build, ReadModels } from '../../ports/read-models.ts';
import type { OnCurrentTables } from './current-tables.ts';
import type { Database } from './database.ts';
import type { Gate } from './gate.ts';
import { type Physical, toRow } from './model-schema.ts';
import { getRows, queryRows } from './model-sql.ts';
import type { OpenedModels } from './opened-models.ts';

type Stored = readonly (string | number | null)[];

export type ReaderParts = { readonly opened: OpenedModels; readonly onCurrentTables: OnCurrentTables; readonly gate: Gate };

/** Rows that are hashed in one go. */
const hashPage = 2_000;

/** Reads rows of the builds that are open. */
export const createModelReader = (
  database: Database,
  { opened, onCurrentTables, gate }: ReaderParts,
): Pick<ReadModels, 'get' | 'list' | 'count' | 'hash'> => {
  const reading = <T>(table: string, build: Build, work: (found: Physical) => Promise<T>): Promise<T> =>
    gate.pass(() =>
      onCurrentTables(
        () => opened.ownerOf(table),
        build,
        async () => work(opened.table(table, build)),
      ),
    );
  const hashTable = async (table: Physical, update: (text: string) => void): Promise<void> => {
    for (let after: Row | undefined; ; ) {
      const { sql, values } = queryRows(table, 'rows', { limit: hashPage, ...(after === undefined ? {} : { after }) });
      const rows = (await database.tuples<Stored>(sql, values)).map((stored) => toRow(table, stored));
      for (const row of rows) update(`${JSON.stringify(row)}\n`);
      after = rows.at(-1);
      if (rows.length < hashPage) return;
    }
  };

  return {
    get: (table, keys, build = 'live') =>
      reading(table, build, async (found) => {
        const { sql, values } = getRows(found, keys);
        const rows = new Map((await database.tuples<[number, ...Stored]>(sql, values)).map(([place, ...row]) => [place, row]));
        return keys.map((_, place) => {
          const row = rows.get(place + 1);
          return row === undefined ? null : toRow(found, row);
        });
      }),
    list: (table, query) =>
      reading(table, 'live', async (found) => {
        const { sql, values } = queryRows(found, 'rows', query);
        return (await database.tuples<Stored>(sql, values)).map((row) => toRow(found, row));
      }),
    count: (table, query) =>
      reading(table, 'live', async (found) => {
        const { sql, values } = queryRows(found, 'count', query);
        return Number((await database.tuples<[number]>(sql, values))[0]?.[0]);
      }),
    async hash(projection, build) {
      const digest = createHash('sha256');
      for (const table of opened.get(projection, build)?.tables.values() ?? []) {
        digest.update(`${table.spec.name}\n`);
        await hashTable(table, (text) => void digest.update(text));
      }
      return digest.digest('hex');
    },
  };
};
