import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CarillonError } from '../../core/errors.ts';
import { isBusy, storeError } from './errors.ts';

/** The right to write in a folder. */
export type FolderLock = { /** Gives it back; a second call does nothing. */ release(): void };

/**
 * Takes a folder for this process, making it if it is missing. The lock is a transaction that stays open in `lock.db`,
 * so the system frees it when the process dies, however it dies. Throws `store-locked`.
 * Nothing else may open and close `lock.db` in this process: that would drop the lock (POSIX locks belong to the process).
 */
export const lockFolder = (folder: string): FolderLock => {
  const file = join(folder, 'lock.db');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    if (isBusy(error)) throw new CarillonError('store-locked', `Another Carillon uses ${folder}`, { folder }, error);
    throw storeError(error, file);
  }
  const held = db;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
};
