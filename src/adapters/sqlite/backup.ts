import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { storeError } from './errors.ts';

/** The files that cannot be made again. The log comes first: what it refers to in the vault is older than the vault's copy. */
const kept = ['events.db', 'vault.db'] as const;
const allPages = 0x7fffffff;
const timeoutMs = 5000;

const syncFile = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  await handle.sync();
  await handle.close();
};

/** A connection of its own: the copy runs on another thread, and a shared one would make the service wait for it. */
const copy = async (file: string, target: string): Promise<void> => {
  const partial = `${target}.partial`;
  await rm(partial, { force: true });
  const db = new DatabaseSync(file, { timeout: timeoutMs, readOnly: true });
  try {
    // All pages in one step see one state of the database; in several steps each commit would start the copy anew.
    await backup(db, partial, { rate: allPages });
  } finally {
    db.close();
  }
  await syncFile(partial);
  await rename(partial, target);
};

/**
 * Copies the event log and the vault of a folder, in use or not, into `dir`; read models can be rebuilt and stay out.
 * A copy shows under its name only when it is whole and on the disk. Returns the files written.
 */
export const backupFolder = async (folder: string, dir: string): Promise<readonly string[]> => {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const written: string[] = [];
  for (const name of kept.filter((file) => existsSync(join(folder, file)))) {
    try {
      await copy(join(folder, name), join(dir, name));
    } catch (error) {
      throw storeError(error, join(folder, name));
    }
    written.push(join(dir, name));
  }
  await syncFile(dir);
  return written;
};
