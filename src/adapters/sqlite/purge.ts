import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { CarillonError } from '../../core/errors.ts';
import { emptyWal } from './database.ts';
import { guarded } from './errors.ts';

const tries = 100;
const pauseMs = 50;

/**
 * Makes what was overwritten unreadable in the files too: an emptied WAL forgets the pages of before. A reader in another
 * connection (a backup) may hold it up; opening the store empties the WAL as well.
 */
export const purge = async (db: DatabaseSync, file: string): Promise<void> => {
  for (let attempt = 0; attempt < tries; attempt++) {
    if (guarded(file, () => emptyWal(db))) return;
    await wait(pauseMs);
  }
  throw new CarillonError(
    'store-unavailable',
    `${file}: erased, but a long read still holds the old pages; they go when the store is next opened or erased from`,
  );
};

/**
 * Rewrites the file without what is left of removed rows, after dropping those that `deleteBlanks` names. Blocks the
 * process, for seconds a gigabyte.
 */
export const compact = async (db: DatabaseSync, file: string, deleteBlanks = ''): Promise<void> => {
  guarded(file, () => db.exec(`${deleteBlanks}; VACUUM`));
  await purge(db, file);
};
