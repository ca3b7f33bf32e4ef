import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { hasPostgres, startPostgres } from './postgres.ts';
import { rabbitmqInstalled, startRabbitMq } from './rabbitmq.ts';

const bin = resolve(import.meta.dirname, '../../bin/carillon.js');
const adminToken = `crl_0123456789abcdef_${'x'.repeat(43)}`;

/** Whether both servers are installed here; each says so loudly when it is not. */
export const clusterInstalled = (): boolean => [rabbitmqInstalled(), hasPostgres].every(Boolean);

/** One process with a role. */
export type Member = {
  readonly name: string;
  readonly child: ChildProcess;
  /** What it said so far. */
  readonly output: () => string;
  /** Resolves when it says that it runs, with the address that it listens on; rejects when it ends before. */
  readonly ready: Promise<string | null>;
  /** Resolves with its exit code or signal. */
  readonly ended: Promise<number | string | null>;
};

export type Answered = { readonly status: number; readonly body: unknown };

/** A request that takes longer has no answer: what answers it is gone, or stands still. */
const answerWithinMs = 35_000;

/** A private RabbitMQ and PostgreSQL, and processes of Carillon on them; `args` go to each of their command lines. */
export const startCluster = async (env: NodeJS.ProcessEnv = {}, args: readonly string[] = []) => {
  const [postgres, rabbit] = await Promise.all([startPostgres(), startRabbitMq()]);
  const postgresUrl = await postgres.createDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'carillon-cluster-'));
  const members = new Set<Member>();
  const abandon = (): void => {
    for (const { child } of members) child.kill('SIGKILL');
  };
  process.once('exit', abandon);
  let made = 0;

  const start = (roles: readonly string[], more: NodeJS.ProcessEnv = {}): Member => {
    const name = `${roles.join('+')}-${++made}`;
    const child = spawn(process.execPath, [bin, 'start', ...roles, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        CARILLON_FOLDER: join(folder, name),
        CARILLON_PORT: '0',
        CARILLON_STORE: 'postgres',
        CARILLON_READ_MODELS: 'postgres',
        CARILLON_BROKER: 'rabbitmq',
        CARILLON_POSTGRES_URL: postgresUrl,
        CARILLON_RABBITMQ_URL: rabbit.url,
        CARILLON_PARTITIONS: '8',
        CARILLON_ADMIN_TOKEN: adminToken,
        ...env,
        ...more,
      },
    });
    const lines: string[] = [];
    const ended = new Promise<number | string | null>((done) => child.on('exit', (code, signal) => done(signal ?? code)));
    const ready = new Promise<string | null>((done, failed) => {
      const take = (line: string): void => {
        lines.push(line);
        const listens = /Carillon listens on (\S+)/.exec(line);
        if (listens !== null) done(listens[1]!);
        else if (line.includes('Carillon runs as')) done(null);
      };
      createInterface({ input: child.stdout! }).on('line', take);
      createInterface({ input: child.stderr! }).on('line', take);
      void ended.then((how) => failed(new Error(`${name} ended with ${how}:\n${lines.join('\n')}`)));
    });
    ready.catch(() => undefined);
    const member: Member = { name, child, ready, ended, output: () => lines.join('\n') };
    members.add(member);
    void ended.then(() => members.delete(member));
    return member;
  };

  const call = async (url: string, method: string, path: string, body?: unknown, withinMs = answerWithinMs): Promise<Answered> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(withinMs),
    });
    return { status: response.status, body: await response.json() };
  };

  return {
    postgres,
    rabbit,
    postgresUrl,
    adminToken,
    start,
    call,
    stop: async (): Promise<void> => {
      process.off('exit', abandon);
      abandon();
      await Promise.all([...members].map(({ ended }) => ended));
      await rabbit.remove();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export type RunningCluster = Awaited<ReturnType<typeof startCluster>>;
