import { CarillonError } from '../../core/errors.ts';
import type { Projection } from '../../core/projection.ts';
import type { Build } from '../../ports/read-models.ts';
import { type BuildRow, beginBuild, dropBuild, lockProjection, promoteBuild, readBuild } from './builds.ts';
import type { Database } from './database.ts';
import type { OpenedModels } from './opened-models.ts';
import type { RebuildLocks } from './rebuild-locks.ts';

export type ModelBuilder = {
  open(projection: Projection, build: Build): Promise<BuildRow>;
  /** The rebuild that is live now. Throws `not-found`. */
  swap(projection: string): Promise<BuildRow>;
};

/** Makes and exchanges the tables of projections, one process at a time for each projection. */
export const createModelBuilder = (database: Database, opened: OpenedModels, rebuilds: RebuildLocks): ModelBuilder => {
  const openLive = (projection: Projection): Promise<BuildRow> =>
    database.transaction(async (queries) => {
      await lockProjection(queries, projection.name);
      // A rebuild that ended with its process would keep rows of streams that are erased from now on.
      const own = opened.get(projection.name, 'rebuild') !== undefined;
      if (!own && (await rebuilds.isFree(queries, projection.name))) await dropBuild(queries, projection.name, 'rebuild');
      const row = await readBuild(queries, projection.name, 'live');
      return row === null || row.version !== projection.version ? beginBuild(queries, projection, 'live') : row;
    });
  const openRebuild = async (projection: Projection): Promise<BuildRow> => {
    await rebuilds.take(projection.name);
    return database.transaction(async (queries) => {
      await lockProjection(queries, projection.name);
      return beginBuild(queries, projection, 'rebuild');
    });
  };
  return {
    async open(projection, build) {
      database.assertOpen();
      opened.claim(projection);
      const row = await (build === 'live' ? openLive(projection) : openRebuild(projection));
      opened.use(projection, build, row);
      return row;
    },
    async swap(name) {
      const { projection } = opened.get(name, 'rebuild') ?? {};
      if (projection === undefined) throw new CarillonError('not-found', `Projection "${name}" has no rebuild`);
      const row = await database.transaction(async (queries) => {
        await lockProjection(queries, name);
        const rebuilt = await readBuild(queries, name, 'rebuild');
        if (rebuilt === null) throw new CarillonError('not-found', `Projection "${name}" has no rebuild`);
        await promoteBuild(queries, name);
        return rebuilt;
      });
      opened.close(name, 'rebuild');
      opened.use(projection, 'live', row);
      await rebuilds.release(name);
      return row;
    },
  };
};
