import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterInstalled, type RunningCluster, startCluster } from '../support/cluster.ts';
import { root } from './support.ts';

const run = promisify(execFile);

describe.runIf(clusterInstalled())('the health checks of a role without HTTP', () => {
  let cluster: RunningCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 120_000);
  afterAll(() => cluster?.stop(), 60_000);

  const check = (name: string, pid: number): Promise<string> =>
    run(process.execPath, [join(root, 'deploy/health.js'), name, String(pid)], { env: { CARILLON_RABBITMQ_URL: cluster.rabbit.url } }).then(
      () => 'well',
      (error: { stderr: string }) => error.stderr.trim(),
    );
  const until = async (name: string, pid: number, wanted: string): Promise<void> => {
    while ((await check(name, pid)) !== wanted);
  };

  it('see a process that works, one that hangs, and one that goes on', { timeout: 120_000 }, async () => {
    const role = cluster.start(['projections']);
    await role.ready;
    const pid = role.child.pid!;
    expect(await check('broker', pid)).toBe('well');
    expect(await check('wedged', pid)).toBe('well');
    // Of another process, which holds no connection.
    expect(await check('broker', process.pid)).toBe('it holds no connection to RabbitMQ');
    expect(await check('wedged', process.pid)).toBe('well');

    role.child.kill('SIGSTOP');
    await until('broker', pid, 'it holds no connection to RabbitMQ');
    expect(await check('wedged', pid)).toBe('RabbitMQ has dropped it, and it does not notice');
    role.child.kill('SIGCONT');
    await until('broker', pid, 'well');
    await until('wedged', pid, 'well');
  });

  it('a broker that is down is not taken for a hanging process', { timeout: 120_000 }, async () => {
    const role = cluster.start(['projections']);
    await role.ready;
    const pid = role.child.pid!;
    await cluster.rabbit.sync();
    await cluster.rabbit.kill();
    await until('broker', pid, 'it holds no connection to RabbitMQ');
    await until('wedged', pid, 'well');
    await cluster.rabbit.start();
    await until('broker', pid, 'well');
  });

  it('an unknown check, and a missing address, are told', async () => {
    expect(await check('nothing', process.pid)).toMatch(/^usage: /);
    const lost = await run(process.execPath, [join(root, 'deploy/health.js'), 'broker'], { env: {} }).catch(
      (error: { stderr: string }) => error,
    );
    expect(lost.stderr).toContain('Invalid URL');
  });
});
