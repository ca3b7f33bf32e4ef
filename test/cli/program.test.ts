import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exits } from '../../src/cli/exit.ts';
import { addTwins, examples } from '../../src/cli/flags.ts';
import { buildCli } from '../../src/cli/program.ts';
import { seconds } from '../../src/cli/runs.ts';
import { flagsFor, selfOf } from '../../src/cli/self.ts';

const root = resolve(import.meta.dirname, '../..');
const bin = join(root, 'bin/carillon.js');

const all = (command: Command, path: readonly string[] = []): { path: readonly string[]; command: Command }[] => [
  { path, command },
  ...command.commands.flatMap((child) => all(child, [...path, child.name()])),
];
const commands = all(buildCli().program);

describe('the command line as it is declared', () => {
  it('every flag has an environment twin, no two flags of a command the same', () => {
    for (const { path, command } of commands) {
      const twins = command.options.filter((option) => option.long !== '--version').map((option) => option.envVar);
      expect(twins, path.join(' ')).not.toContain(undefined);
      expect(new Set(twins).size, path.join(' ')).toBe(twins.length);
    }
  });

  it('there is no flag for a token: process lists show it', () => {
    expect(commands.flatMap(({ command }) => command.options.map((option) => option.long))).not.toContain('--token');
  });

  it('docs/cli.md names every command and exit code', () => {
    const docs = readFileSync(join(root, 'docs/cli.md'), 'utf8');
    for (const { path, command } of commands.filter((each) => each.path.length === 1)) {
      const row = docs.split('\n').find((line) => line.startsWith(`| \`${path[0]}`));
      expect(row, path[0]).toBeDefined();
      for (const child of command.commands) expect(row, path[0]).toMatch(new RegExp(`[ |]${child.name()}\\b`));
    }
    const listed = [...docs.matchAll(/^\| (\d+) /gm)].map((row) => Number(row[1]));
    expect(listed).toEqual(Object.values(exits));
  });

  it('every command has examples, and each of them parses', () => {
    expect(Object.keys(examples).sort()).toEqual(
      commands
        .filter(({ path }) => path.length === 1)
        .map(({ path }) => path[0]!)
        .sort(),
    );
    for (const line of Object.values(examples).flat()) {
      const [noun, verb] = line.split(' ');
      const command =
        commands.find(({ path }) => path.join(' ') === `${noun} ${verb}`) ?? commands.find(({ path }) => path.join(' ') === noun);
      const flags = [...line.replaceAll(/"[^"]*"/g, '').matchAll(/ (--?[a-z][\w-]*)/g)].map((flag) => flag[1]);
      const known = [...command!.command.options, ...buildCli().program.options].flatMap((option) => [option.long, option.short]);
      for (const flag of flags) expect(known, line).toContain(flag);
    }
  });
});

describe('environment twins', () => {
  const parsed = (env: Record<string, string>, args: string[] = []): Record<string, unknown> => {
    const program = new Command();
    const child = program
      .command('backfill')
      .option('--yes')
      .option('--dry-run')
      .option('--from <at>')
      .action(() => undefined);
    const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, env);
    onTestFinished(() => {
      for (const [name, value] of before) if (value === undefined) delete process.env[name];
    });
    addTwins(program);
    program.parse(['backfill', ...args], { from: 'user' });
    return child.opts();
  };

  it('set flags; the command line wins', () => {
    expect(parsed({ CARILLON_BACKFILL_FROM: 'env', CARILLON_BACKFILL_DRY_RUN: 'true' })).toEqual({ from: 'env', dryRun: true });
    expect(parsed({ CARILLON_BACKFILL_FROM: 'env' }, ['--from', 'flag'])).toMatchObject({ from: 'flag' });
  });

  it('are checked like flags, and satisfy a flag that must be there', () => {
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    program
      .command('create')
      .addOption(new Option('--role <role>').choices(['read', 'admin']).makeOptionMandatory())
      .action(() => undefined);
    addTwins(program);
    const parse = (role: string) => {
      process.env.CARILLON_CREATE_ROLE = role;
      onTestFinished(() => void delete process.env.CARILLON_CREATE_ROLE);
      program.parse(['create'], { from: 'user' });
      return program.commands[0]!.opts();
    };
    expect(parse('admin')).toEqual({ role: 'admin' });
    expect(() => parse('king')).toThrow(/king/);
  });

  it.each(['false', '0', 'no', ''])('"%s" is no yes', (value) => {
    expect(parsed({ CARILLON_BACKFILL_YES: value })).toEqual({});
  });
});

describe('what is printed for copying', () => {
  it('calls the program as it was called', () => {
    expect(selfOf('/repo/bin/carillon.js', undefined, '/repo')).toBe('node bin/carillon.js');
    expect(selfOf('/re po/bin/carillon.js', undefined, '/elsewhere')).toBe("node '/re po/bin/carillon.js'");
    expect(selfOf('/repo/bin/carillon.js', 'start', '/repo')).toBe('npm run -s carillon --');
    expect(selfOf('/x/node_modules/.bin/carillon', 'npx', '/x')).toBe('npx carillon');
    expect(selfOf('/usr/local/bin/carillon', undefined, '/x')).toBe('carillon');
  });

  it('leads to the same folder and configuration', () => {
    expect(flagsFor('.carillon', undefined)).toBe('');
    expect(flagsFor("it's here", 'c.ts')).toBe(` --folder 'it'\\''s here' --config c.ts`);
  });
});

it('a timeout is seconds or minutes, and nothing else', () => {
  expect([seconds('90'), seconds('30s'), seconds('5m')]).toEqual([90, 30, 300]);
  for (const text of ['', 'soon', '5h', '-1', '1.5s']) expect(() => seconds(text), text).toThrow(/such as 30s or 5m/);
});

type Reply = { readonly status?: number; readonly body: unknown };

/** Runs the real program against a fake server. */
const run = async (answer: (method: string, url: string, body: string) => Reply, args: readonly string[]) => {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      calls.push(`${request.method} ${request.url}${text === '' ? '' : ` ${text}`}`);
      const { status = 200, body } = answer(request.method!, request.url!, text);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const folder = mkdtempSync(join(tmpdir(), 'carillon-program-'));
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(folder, 'token'), 'crl_t');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { PATH: process.env.PATH, CARILLON_URL: url, CARILLON_TOKEN_FILE: join(folder, 'token') };
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (part) => {
    out += part;
  });
  child.stderr.on('data', (part) => {
    err += part;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err, calls };
};

const runRow = (verdict: string) => ({
  slot: 'a/b@manual-1',
  key: 'a/b',
  job: 'a/b',
  at: '2026-11-23T14:00:00.000Z',
  verdict,
  due: 2,
  changed: 2,
  parked: 0,
  events: { Done: 2 },
  message: null,
});

describe('against a server', () => {
  it('doctor is silent and 0 when well; else a line for each trouble, also when the service is not ready', async () => {
    const well = (_method: string, url: string): Reply =>
      url.startsWith('/readyz')
        ? { body: { ready: true, checks: [{ name: 'store', ok: true, detail: '' }] } }
        : {
            body: url.includes('parked')
              ? { parked: [] }
              : url.includes('schedules')
                ? { schedules: [{ key: 'a/b', job: 'a/b', status: 'active' }] }
                : { data: { jobs: [{ name: 'a/b', health: 'healthy', healthMessage: '' }] } },
          };
    expect(await run(well, ['doctor'])).toMatchObject({ code: 0, out: '', err: '' });
    const ill = (_method: string, url: string): Reply =>
      url.startsWith('/readyz')
        ? { status: 503, body: { ready: false, checks: [{ name: 'store', ok: false, detail: 'the disk is full' }] } }
        : {
            body: url.includes('parked')
              ? { parked: [{}, {}] }
              : url.includes('schedules')
                ? { schedules: [{ key: 'a/gone', job: 'a/gone', status: 'active' }] }
                : { data: { jobs: [{ name: 'a/b', health: 'late', healthMessage: '3 h late' }] } },
          };
    const told = await run(ill, ['doctor']);
    expect(told).toMatchObject({ code: 1, out: '' });
    expect(told.err.trimEnd().split('\n')).toEqual([
      'store: the disk is full',
      'a/b: 3 h late',
      expect.stringContaining('a/gone: no job of this code'),
      expect.stringContaining('2 items are parked'),
    ]);
  });

  it('trigger --wait ends with 7 when the run failed, 124 when it has no verdict in time', async () => {
    const answer =
      (verdict: string) =>
      (method: string): Reply => ({
        body: method === 'POST' ? { message: 'ok', slot: 'a/b@manual-1' } : runRow(verdict),
      });
    expect(await run(answer('completed'), ['trigger', 'b', '--wait'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^JOB .*\na\/b /),
    });
    expect((await run(answer('failed'), ['trigger', 'b', '--wait'])).code).toBe(7);
    expect((await run(answer('open'), ['trigger', 'b', '--wait', '--timeout', '0s'])).code).toBe(124);
    expect((await run(answer('open'), ['runs', 'watch', 'a/b@manual-1', '--timeout', 'soon'])).code).toBe(2);
  });

  it('backfill shows its plan, and without a terminal does nothing before --yes', async () => {
    const plan = (): Reply => ({ body: { slots: [{ slot: 'a/b@2026-11-23T14:00Z', at: '2026-11-23T14:00:00.000Z' }] } });
    const args = ['schedules', 'backfill', 'a/b', '--from', '2026-11-23T00:00:00Z', '--to', '2026-11-24T00:00:00Z', '--reason', 'r'];
    const asked = await run(plan, args);
    expect(asked).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Add --yes') });
    expect(asked.err).toContain('a/b@2026-11-23T14:00Z');
    expect(asked.calls).toEqual([expect.stringContaining('"dryRun":true')]);
    const done = await run(plan, [...args, '--yes', '-o', 'ndjson']);
    expect(done.code).toBe(0);
    expect(JSON.parse(done.out)).toMatchObject({ slot: 'a/b@2026-11-23T14:00Z' });
    expect(done.calls).toHaveLength(2);
  });

  it('a token may end after a while or at an instant; its role is one of three', async () => {
    const made = (): Reply => ({ status: 201, body: { id: '1', token: 'crl_new' } });
    const soon = await run(made, ['tokens', 'create', 'x', '--role', 'read', '--expires', '90d']);
    expect(soon).toMatchObject({ code: 0, out: 'crl_new\n' });
    expect(soon.calls[0]).toContain('{"name":"x","role":"read","expiresIn":"90d"}');
    const fixed = await run(made, ['tokens', 'create', 'x', '--role', 'read', '--expires', '2027-01-01T00:00:00Z']);
    expect(fixed.calls[0]).toContain('"expiresAt":"2027-01-01T00:00:00Z"');
    expect((await run(made, ['tokens', 'create', 'x', '--role', 'king'])).code).toBe(2);
  });

  it('an error of the service ends with its exit code and next step, cleaned of control characters', async () => {
    const no = (): Reply => ({ status: 404, body: { code: 'not-found', detail: 'No \u001b[31m"x"', next: 'Look' } });
    expect(await run(no, ['why', 'x'])).toMatchObject({ code: 3, out: '', err: 'carillon: No "x" (not-found)\n  next: Look\n' });
  });
});
