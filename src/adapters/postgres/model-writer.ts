import { CarillonError } from '../../core/errors.ts';
import type { Build, Commit } from '../../ports/read-models.ts';
import { advanceBuild } from './builds.ts';
import type { Database } from './database.ts';
import { sqlState } from './errors.ts';
import type { Physical } from './model-schema.ts';
import { removeKeys, removeValues, type Statement, upsert } from './model-sql.ts';

/** Values out of range or shape, a key without a value, a text that is too long for an index. */
const isMisfit = (state: string | null): boolean =>
  state !== null && (state.startsWith('22') || state.startsWith('54') || state === '23502');

/** The statements of a commit, removals before puts. Throws a TypeError, and what `tableOf` throws. */
const statementsOf = ({ puts, removes, removeWheres, build }: Commit, tableOf: (table: string, build: Build) => Physical): Statement[] => [
  ...[...Map.groupBy(removeWheres, ({ table, column }) => JSON.stringify([table, column])).values()].map((group) =>
    removeValues(
      tableOf(group[0]!.table, build),
      group[0]!.column,
      group.map(({ value }) => value),
    ),
  ),
  ...[...Map.groupBy(removes, ({ table }) => table)].map(([table, group]) =>
    removeKeys(
      tableOf(table, build),
      group.map(({ key }) => key),
    ),
  ),
  ...[...Map.groupBy(puts, ({ table }) => table)].map(([table, group]) =>
    upsert(
      tableOf(table, build),
      group.map(({ row }) => row),
    ),
  ),
];

/** Writes rows and checkpoint in one transaction. Throws `projection-fenced`, a TypeError for a value that a column cannot hold. */
export const writeCommit = async (
  database: Database,
  commit: Commit,
  tableOf: (table: string, build: Build) => Physical,
): Promise<void> => {
  const statements = statementsOf(commit, tableOf);
  const { projection, build, previous } = commit;
  try {
    await database.transaction(async (queries) => {
      if (!(await advanceBuild(queries, commit)))
        throw new CarillonError('projection-fenced', `Projection "${projection}" (${build}) does not stand at ${String(previous)}`, {
          projection,
        });
      for (const { sql, values } of statements) await queries.run(sql, values);
    });
  } catch (error) {
    if (error instanceof Error && isMisfit(sqlState(error)))
      throw new TypeError(`A row cannot be stored: ${error.message}`, { cause: error });
    throw error;
  }
};
