import { CarillonError } from '../../core/errors.ts';
import type { Build } from '../../ports/read-models.ts';
import { readBuild } from './builds.ts';
import type { Database } from './database.ts';
import { sqlState } from './errors.ts';
import type { OpenedModels } from './opened-models.ts';

const undefinedTable = '42P01';

/** Does `work` on the tables that are live now, once more when those of before turn out to be gone. */
export type OnCurrentTables = <T>(projection: () => string, build: Build, work: () => Promise<T>) => Promise<T>;

/** Another process may swap a rebuild in: then the tables of before are gone, and the build's row says which ones are there. */
export const createCurrentTables = (database: Database, opened: OpenedModels): OnCurrentTables => {
  const reopen = async (name: string): Promise<void> => {
    const { projection } = opened.get(name, 'live') ?? {};
    const row = await readBuild(database, name, 'live');
    if (projection === undefined || row === null) throw new CarillonError('not-found', `Projection "${name}" has no tables`);
    if (row.version !== projection.version)
      throw new CarillonError(
        row.version > projection.version ? 'store-newer' : 'projection-fenced',
        `Projection "${name}" is at version ${row.version} now; this process knows ${projection.version}`,
        { projection: name },
      );
    opened.use(projection, 'live', row);
  };
  return async (projection, build, work) => {
    try {
      return await work();
    } catch (error) {
      if (build === 'rebuild' || sqlState(error) !== undefinedTable) throw error;
      await reopen(projection());
      return work();
    }
  };
};
