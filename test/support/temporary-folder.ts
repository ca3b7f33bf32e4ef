import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TemporaryFolder = { readonly root: string; path(name: string): string; remove(): Promise<void> };

/** A folder of its own below the system's temporary one. */
export const temporaryFolder = async (): Promise<TemporaryFolder> => {
  const root = await mkdtemp(join(tmpdir(), 'carillon-'));
  return { root, path: (name) => join(root, name), remove: () => rm(root, { recursive: true, force: true }) };
};
