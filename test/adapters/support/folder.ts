import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

/** A folder for each test. `bytes` is everything that a database has on the disk. */
export const useFolder = (): { root(): string; path(name: string): string; bytes(name: string): Buffer } => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());
  const path = (name: string): string => folder.path(name);
  return {
    path,
    root: () => folder.root,
    bytes: (name) =>
      Buffer.concat(
        ['', '-wal', '-shm']
          .map((end) => path(`${name}${end}`))
          .filter(existsSync)
          .map((file) => readFileSync(file)),
      ),
  };
};
