import type { Database } from './database.ts';

/**
 * Runs a VACUUM after a removal. Those who ask while one runs share the next one: it begins after their removal, and a
 * thousand erasures cost a few.
 */
export const createVacuum = (database: Database, sql: () => Promise<string[]> | string[]): (() => Promise<void>) => {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    for (const statement of await sql()) await database.maintain(statement);
  };
  return () => {
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        running = work();
        return running;
      });
    return next;
  };
};
