import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'amqplib';
import { temporaryFolder } from './temporary-folder.ts';

const sbin = ['/usr/lib/rabbitmq/bin', '/usr/local/sbin', '/opt/rabbitmq/sbin'].find((folder) =>
  existsSync(join(folder, 'rabbitmq-server')),
);
const readyWithinMs = 60_000;
const run = promisify(execFile);

/** Whether a RabbitMQ is installed here. Says so loudly when it is not: the suites that need one are skipped. */
export const rabbitmqInstalled = (): boolean => {
  if (sbin === undefined)
    console.warn('SKIPPED: no rabbitmq-server is installed (apt-get install rabbitmq-server), so nothing was tested on RabbitMQ');
  return sbin !== undefined;
};

export type RabbitMq = {
  readonly url: string;
  readonly port: number;
  /** Starts it again with the same data, and resolves when it takes connections. */
  start(): Promise<void>;
  /** SIGTERM: it closes its connections and says good-bye. */
  stop(): Promise<void>;
  /** SIGKILL of its own process. */
  kill(): Promise<void>;
  /**
   * Writes down which quorum queues there are. RabbitMQ 3.10 does that a little later by itself: killed before, it comes
   * back with a queue of that name that has no leader and loses what it had confirmed.
   */
  sync(): Promise<void>;
  ctl(...args: readonly string[]): Promise<string>;
  /** Stops it for good and removes its data. */
  remove(): Promise<void>;
};

/** Ports that were free a moment ago, all different. */
const freePorts = async (count: number): Promise<number[]> => {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const ports = servers.map((server: Server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

const exited = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('exit', () => resolve()));

const configuration = `loopback_users = none
disk_free_limit.absolute = 1MB
raft.wal_max_size_bytes = 67108864
log.console = false
`;

/** A private node: own name, ports, epmd, cookie and data below a temporary folder. It sees no other RabbitMQ and no other sees it. */
export const startRabbitMq = async (): Promise<RabbitMq> => {
  const folder = await temporaryFolder();
  const [port, dist, epmdPort] = (await freePorts(3)) as [number, number, number];
  for (const name of ['mnesia', 'log', 'generated']) await mkdir(folder.path(name), { recursive: true });
  await writeFile(folder.path('rabbitmq.conf'), configuration);
  await writeFile(folder.path('enabled_plugins'), '[].\n');
  await writeFile(folder.path('env.conf'), '');
  const env = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: folder.root,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `carillon-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(dist),
    RABBITMQ_MNESIA_BASE: folder.path('mnesia'),
    RABBITMQ_LOG_BASE: folder.path('log'),
    RABBITMQ_GENERATED_CONFIG_DIR: folder.path('generated'),
    RABBITMQ_CONFIG_FILE: folder.path('rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: folder.path('env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: folder.path('enabled_plugins'),
    RABBITMQ_PID_FILE: folder.path('pid'),
    RABBITMQ_ALLOW_INPUT: 'true',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
  const url = `amqp://guest:guest@127.0.0.1:${port}/`;
  // In the foreground and as our own child, so that nothing is left behind.
  const epmd = spawn('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], { stdio: 'ignore' });
  let server: ChildProcess | null = null;
  const abandon = (): void => {
    server?.kill('SIGKILL');
    epmd.kill('SIGKILL');
  };
  process.once('exit', abandon);

  const ready = async (): Promise<void> => {
    for (const end = Date.now() + readyWithinMs; ; ) {
      try {
        return await (await connect(url, { timeout: 2_000 })).close();
      } catch (error) {
        if (server?.exitCode !== null || Date.now() > end)
          throw new Error(`RabbitMQ did not start: ${String(error)}, see ${folder.path('log')}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  const start = async (): Promise<void> => {
    server = spawn(join(sbin ?? '', 'rabbitmq-server'), [], { env, cwd: folder.root, stdio: ['pipe', 'ignore', 'ignore'] });
    await ready();
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (!server) return;
    server.kill(signal);
    await exited(server);
    server = null;
  };
  const ctl = async (...args: readonly string[]): Promise<string> =>
    (await run(join(sbin ?? '', 'rabbitmqctl'), ['--quiet', ...args], { env, cwd: folder.root })).stdout;
  await start();
  return {
    url,
    port,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    ctl,
    sync: async () => void (await ctl('eval', '[dets:sync(Table) || Table <- dets:all()].')),
    async remove() {
      process.off('exit', abandon);
      await end('SIGKILL');
      epmd.kill('SIGKILL');
      await exited(epmd);
      await folder.remove();
    },
  };
};
