import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { madeSecrets, read, root } from './support.ts';

const run = promisify(execFile);
const last = read('Dockerfile')
  .split(/^FROM /m)
  .at(-1)!;
/** What the last stage copies out of the repository. */
const copied = [...last.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) => names!.split(' '));

/** What "npm ci --omit=dev" installs, out of the lock file; optional packages may be missing on a platform. */
const productionPackages = (): string[] => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { dev?: boolean }> };
  const wanted = Object.keys(packages).filter((path) => path.startsWith('node_modules/') && packages[path]!.dev !== true);
  return wanted.filter((path) => path.lastIndexOf('node_modules/') === 0 && existsSync(join(root, path)));
};

/** The tree of the image in a temporary folder, without the Node of our own dependencies. */
const makeTree = (tree: string): void => {
  for (const path of [...copied, ...productionPackages()]) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    execFileSync('cp', ['-r', '--preserve=links', join(root, path), join(tree, path)]);
  }
};

describe('the image', () => {
  let tree: string;
  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'carillon-image-'));
    makeTree(tree);
  }, 60_000);
  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'carillon-data-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };
  const entrypoint = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(last)![1]!) as string[];
  const carillon = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    run(process.execPath, [...entrypoint.slice(1), ...args], { cwd: tree, env });

  it('has what it needs to catch up once, sample facts included', { timeout: 120_000 }, async () => {
    expect(entrypoint[0]).toBe('node');
    expect((await carillon(['start', '--once'], { CARILLON_FOLDER: folder() })).stderr).toContain('Carillon 0.');
    const facts = `const { demoFacts } = await import('./src/demo.ts'); console.log(demoFacts().lines.length)`;
    expect(Number((await run(process.execPath, ['--input-type=module', '-e', facts], { cwd: tree })).stdout)).toBeGreaterThan(3_000);
    expect((await carillon(['migrate', '--help'], {})).stdout).toContain('--to');
  });

  it('has the packages of every adapter', async () => {
    const adapters = ['postgres/index', 'rabbitmq/broker', 'kurrent/event-store'].map(
      (name) => `await import('./src/adapters/${name}.ts')`,
    );
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', `${adapters.join(';')};console.log('loaded')`], {
      cwd: tree,
    });
    expect(stdout).toBe('loaded\n');
  });

  it('tells by its health check whether it serves, and is spoken to with the token of a secret', { timeout: 60_000 }, async () => {
    const [, check] = /CMD (\[.+\])$/m.exec(/^HEALTHCHECK .+$/m.exec(last)![0])!;
    const [node, ...command] = JSON.parse(check!) as string[];
    expect(node).toBe('node');
    const health = (port: string) => run(process.execPath, command, { cwd: tree, env: { CARILLON_PORT: port } });
    await expect(health('9')).rejects.toMatchObject({ code: 1 });
    const data = folder();
    const token = join(madeSecrets(), 'admin_token');
    const child = spawn(process.execPath, [...entrypoint.slice(1), 'start'], {
      cwd: tree,
      env: { CARILLON_FOLDER: data, CARILLON_PORT: '0', CARILLON_ADMIN_TOKEN_FILE: token },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((done) => child.once('exit', done));
    try {
      const port = await new Promise<string>((found) => {
        createInterface({ input: child.stdout! }).on('line', (line) => {
          const listens = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
          if (listens !== null) found(listens[1]!);
        });
      });
      expect(await health(port)).toEqual({ stdout: '', stderr: '' });
      // As "docker compose exec api node bin/carillon.js list" does.
      const listed = await carillon(['list'], { CARILLON_FOLDER: data, CARILLON_TOKEN_FILE: token });
      expect(listed.stdout).toContain('giving/release-escrows');
    } finally {
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
    }
  });
});

describe('the Dockerfile', () => {
  it('lets in only what it copies', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? line.slice(1) : []));
    const first = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) => names!.split(' '));
    expect([...new Set(first)].sort()).toEqual(allowed.sort());
    expect(read('.dockerignore').startsWith('*\n')).toBe(true);
    for (const name of first) expect(existsSync(join(root, name)), name).toBe(true);
  });

  it('runs as nobody special, on a Node that the guard lets through, without what installs packages', () => {
    const bases = [...read('Dockerfile').matchAll(/^FROM node:(\d+)\.(\d+)\.\d+-bookworm-slim/gm)];
    expect(bases.length).toBe(2);
    for (const [, major, minor] of bases) expect([major, Number(minor) >= 16]).toEqual(['24', true]);
    expect(last).toMatch(/^USER 1000:1000$/m);
    expect(last).toMatch(/rm -rf \/usr\/local\/lib\/node_modules/);
    expect(read('Dockerfile')).toMatch(/npm ci --omit=dev --ignore-scripts/);
    expect(last).not.toMatch(/apt-get|npm (ci|install)/);
  });
});
