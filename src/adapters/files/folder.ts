import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CarillonError } from '../../core/errors.ts';

/** The small files of an embedded folder; the databases beside them are opened by their adapters. */
export type Folder = {
  readonly path: string;
  file(name: string): string;
  /** Fixed when the folder is made. */
  readonly partitions: number;
  readonly adminToken: string | null;
  keepAdminToken(token: string): void;
  announce(server: { readonly url: string; readonly pid: number; readonly version: string }): void;
  /** Size of the databases. */
  bytes(): number;
  /** Takes the announcement back. */
  leave(): void;
};

/** 32 random bytes as base64url. */
export const randomToken = (): string => randomBytes(32).toString('base64url');

const readStore = (file: string): { partitions: number } => {
  try {
    const store = JSON.parse(readFileSync(file, 'utf8')) as { format: number; partitions: number };
    if (store.format > 1) throw new CarillonError('store-newer', `${file} was written by a newer Carillon`);
    return store;
  } catch (error) {
    if (error instanceof CarillonError) throw error;
    throw new CarillonError('store-corrupt', `${file} is unreadable`, {}, error);
  }
};

/** Opens a folder, making it with `partitions` when it is new. Throws `store-newer`, `store-corrupt`. */
export const openFolder = (path: string, partitions: number): Folder => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(path, name);
  if (!existsSync(file('store.json'))) writeFileSync(file('store.json'), `${JSON.stringify({ format: 1, partitions })}\n`);
  const token = existsSync(file('admin.token')) ? readFileSync(file('admin.token'), 'utf8').trim() : null;
  return {
    path,
    file,
    partitions: readStore(file('store.json')).partitions,
    adminToken: token,
    keepAdminToken: (text) => writeFileSync(file('admin.token'), `${text}\n`, { mode: 0o600 }),
    announce: (server) => {
      // Whole or not at all: a command line may read it at any moment.
      writeFileSync(file('server.json.new'), `${JSON.stringify(server)}\n`);
      renameSync(file('server.json.new'), file('server.json'));
    },
    bytes: () =>
      readdirSync(path)
        .filter((name) => name.endsWith('.db'))
        .reduce((sum, name) => sum + statSync(file(name)).size, 0),
    leave: () => rmSync(file('server.json'), { force: true }),
  };
};
