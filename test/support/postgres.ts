import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { temporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);

/** A PostgreSQL of its own: a folder below the temporary one, a free port of loopback, fsync on. */
export type PrivatePostgres = {
  /** The port it listens at; the same after `start`. */
  readonly port: number;
  /** A fresh empty database; returns its connection string. */
  createDatabase(): Promise<string>;
  /** Ends every one of its processes at once, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same folder and port, with crash recovery when it was killed. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
  /** The folder of the cluster, for those who look for bytes. */
  readonly data: string;
};

/** Newest first. */
const findBinaries = (): string | null => {
  const roots = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...roots.map((version) => `/usr/lib/postgresql/${version}/bin`), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => folder !== '' && existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
};

const binaries = findBinaries();

/** Whether this machine has PostgreSQL; suites that need it are skipped otherwise, and this says so. */
export const hasPostgres = binaries !== null;
if (!hasPostgres) console.warn('SKIPPED: the PostgreSQL suites. Install PostgreSQL 15 or newer (Debian: apt-get install postgresql-15).');

/** PostgreSQL refuses to run as root: then it is the packaged user's. */
const owner = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error('We are root and there is no user "postgres" to run PostgreSQL as');
  return { uid: Number(uid), gid: Number(gid) };
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** State and parent of a process; null when it is gone. */
const processOf = (pid: number): { readonly state: string; readonly parent: number } | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
};

/** A backend leaves its parent's group, so a signal to the group misses it. */
const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => processOf(each)?.parent === pid);

/** Ends a server and its backends. It is stopped first: then it makes no new ones between the look and the kill. */
const endAll = (pid: number): number[] => {
  try {
    process.kill(pid, 'SIGSTOP');
  } catch {
    return [];
  }
  const pids = [pid, ...childrenOf(pid)];
  for (const each of pids) {
    try {
      process.kill(each, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
  return pids;
};

const gone = async (pids: readonly number[]): Promise<void> => {
  while (pids.some((pid) => !['Z', undefined].includes(processOf(pid)?.state))) await new Promise((resolve) => setTimeout(resolve, 2));
};

/** Resolves when it answers; rejects with what it said when it ends before. */
const ready = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    const said: string[] = [];
    createInterface({ input: child.stderr! }).on('line', (line) => {
      said.push(line);
      if (said.length > 50) said.shift();
      if (line.includes('database system is ready to accept connections')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`PostgreSQL ended with ${code}:\n${said.join('\n')}`)));
    child.once('error', reject);
  });

/** Starts a private PostgreSQL. `settings` go to its command line (`['-c', 'max_connections=20']`). */
export const startPostgres = async (settings: readonly string[] = []): Promise<PrivatePostgres> => {
  if (binaries === null) throw new Error('There is no PostgreSQL here; ask hasPostgres first');
  const folder = await temporaryFolder();
  const user = owner();
  await chmod(folder.root, 0o755);
  if (user) await chown(folder.root, user.uid, user.gid);
  const as = { ...user, cwd: folder.root, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8', LC_MESSAGES: 'C' } };
  const data = folder.path('data');
  await run(join(binaries, 'initdb'), ['-D', data, '-U', 'carillon', '--auth=trust', '--encoding=UTF8', '--no-sync'], as);
  const port = await freePort();
  const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder.root, '-c', 'fsync=on', ...settings];
  let server: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    server = spawn(join(binaries, 'postgres'), options, { ...as, stdio: ['ignore', 'ignore', 'pipe'] });
    await ready(server);
  };
  const running = (): number | undefined => (server?.exitCode === null && server.signalCode === null ? server.pid : undefined);
  const kill = async (): Promise<void> => {
    const pid = running();
    if (pid !== undefined) await gone(endAll(pid));
  };
  const atExit = (): void => {
    const pid = running();
    if (pid !== undefined) endAll(pid);
  };
  process.once('exit', atExit);
  await start();

  const url = (database: string): string => `postgres://carillon@127.0.0.1:${port}/${database}`;
  let databases = 0;
  return {
    port,
    data,
    start,
    async createDatabase() {
      const name = `test_${++databases}`;
      const client = new Client({ connectionString: url('postgres') });
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return url(name);
    },
    kill,
    async stop() {
      process.off('exit', atExit);
      const exit = running() === undefined ? undefined : once(server!, 'exit');
      server?.kill('SIGINT');
      await exit;
      await folder.remove();
    },
  };
};
