import { isTransient } from '../../core/errors.ts';
import type { ReadModels } from '../../ports/read-models.ts';
import { modelPart, readBuild } from './builds.ts';
import { createCheckpointWatch } from './checkpoint-watch.ts';
import { createCurrentTables } from './current-tables.ts';
import { createDatabase, type Database } from './database.ts';
import { createGate } from './gate.ts';
import { openPart } from './migrate.ts';
import { createModelBuilder } from './model-builder.ts';
import { createModelReader } from './model-reader.ts';
import { nameInSchema } from './model-schema.ts';
import { writeCommit } from './model-writer.ts';
import { createOpenedModels } from './opened-models.ts';
import { createRebuildLocks } from './rebuild-locks.ts';
import { createVacuum } from './vacuum.ts';

export type PostgresReadModelsOptions = {
  /** `postgres://user:password@host:port/database`; CARILLON_POSTGRES_URL. */
  readonly url: string;
  /** Most connections; 6 when absent. */
  readonly connections?: number;
};

/**
 * Every statement finds its rows by an index. A plan that was made while a table was small stays for a while: it must not go
 * through all of it.
 */
const settings = { synchronous_commit: 'off', enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' };

/** Files that are rewritten have no copies of rows that are gone. */
const rewriteAll = async ({ tuples }: Database): Promise<string[]> =>
  (await tuples<[string]>('SELECT DISTINCT unnest(tables) FROM carillon.builds')).map(([table]) => `VACUUM FULL ${nameInSchema(table)}`);

/**
 * Read models in a PostgreSQL database, for any number of processes: one writes, all read. Commits are answered before they
 * are on the disk: what a crash loses is read from the log again. Throws `config-invalid`, `store-newer`, `store-unavailable`.
 */
export const openPostgresReadModels = async ({ url, connections = 6 }: PostgresReadModelsOptions): Promise<ReadModels> => {
  const database = createDatabase({ url, connections, settings });
  await openPart(database, modelPart);
  const opened = createOpenedModels();
  const rebuilds = createRebuildLocks(database);
  const watch = createCheckpointWatch(database);
  const gate = createGate();
  const onCurrentTables = createCurrentTables(database, opened);
  const builder = createModelBuilder(database, opened, rebuilds);

  return {
    ...createModelReader(database, { opened, onCurrentTables, gate }),
    open: async (projection, build) => (await builder.open(projection, build)).checkpoint,
    async commit(commit) {
      await onCurrentTables(
        () => commit.projection,
        commit.build,
        () => writeCommit(database, commit, opened.table),
      );
      if (commit.build === 'live') watch.reached(commit.projection, commit.next);
    },
    checkpoint: async (projection) => (await readBuild(database, projection, 'live'))?.checkpoint ?? null,
    async passed(projection, position, signal) {
      if (!database.isOpen || signal?.aborted) return;
      const now = await readBuild(database, projection, 'live').catch((error: unknown) => {
        // A server that is away is waited for, too.
        if (isTransient(error)) return null;
        throw error;
      });
      if ((now?.checkpoint ?? '') < position) await watch.wait(projection, position, signal);
    },
    swap: (name) =>
      gate.shut(async () => {
        const { checkpoint } = await builder.swap(name);
        if (checkpoint !== null) watch.reached(name, checkpoint);
      }),
    purge: createVacuum(database, () => rewriteAll(database)),
    async close() {
      watch.close();
      await rebuilds.close();
      await database.close();
    },
  };
};
