import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { unwrap } from '../../src/cli/client.ts';
import type { Common } from '../../src/cli/connect.ts';
import { CliEnd, exitOf, exits, describe as tell } from '../../src/cli/exit.ts';
import { bold, progressBar, safe, table, when } from '../../src/cli/output.ts';
import { CarillonError, errorCodes } from '../../src/core/errors.ts';
import type { RecordedEvent } from '../../src/core/event.ts';

const ended = (work: () => unknown): CliEnd => {
  try {
    work();
  } catch (error) {
    if (error instanceof CliEnd) return error;
    throw error;
  }
  throw new Error('it went through');
};

describe('exit codes', () => {
  it.each([
    ['not-found', 3],
    ['job-unknown', 3],
    ['ambiguous-name', 2],
    ['import-invalid', 2],
    ['config-invalid', 2],
    ['already-running', 4],
    ['unauthorized', 5],
    ['forbidden', 5],
    ['service-unreachable', 6],
    ['store-locked', 1],
    ['internal', 1],
    ['no code of ours', 1],
  ])('%s ends with %i', (code, exit) => {
    expect(exitOf(code)).toBe(exit);
  });

  it('describe tells one line and the next step, of whatever was thrown', () => {
    expect(tell(new CliEnd(exits.usage, 'Add a file', 'carillon import <file>'))).toEqual({
      exit: 2,
      lines: ['Add a file', 'carillon import <file>'],
    });
    expect(tell(new CliEnd(exits.interrupted, 'Nothing was done.'))).toEqual({ exit: 130, lines: ['Nothing was done.'] });
    expect(tell(new CarillonError('store-locked', 'Taken'))).toEqual({
      exit: 1,
      lines: ['Taken (store-locked)', errorCodes['store-locked'].next],
    });
    expect(tell(new Error('two\n  lines'))).toMatchObject({ exit: 1, lines: ['two lines', expect.stringContaining('LOG_LEVEL')] });
    expect(tell('a string')).toMatchObject({ exit: 1, lines: ['a string', expect.any(String)] });
  });

  it('unwrap gives the body, or ends as the problem document says', () => {
    expect(unwrap({ status: 200, body: { ok: true } })).toEqual({ ok: true });
    const refused = ended(() => unwrap({ status: 422, body: { code: 'rejected', detail: 'No', rule: 'already-sent', facts: { n: 1 } } }));
    expect(refused).toMatchObject({ exit: 1, message: 'No by rule already-sent {"n":1} (rejected)', next: errorCodes.rejected.next });
    expect(ended(() => unwrap({ status: 404, body: { code: 'not-found', title: 'Not found', next: 'Look elsewhere' } }))).toMatchObject({
      exit: 3,
      message: 'Not found (not-found)',
      next: 'Look elsewhere',
    });
    expect(ended(() => unwrap({ status: 502, body: '<html>bad gateway</html>' }))).toMatchObject({
      exit: 1,
      message: 'HTTP 502 (internal)',
    });
    expect(ended(() => unwrap({ status: 400, body: { code: 'new-in-a-later-version', detail: 'Hm' } }))).toMatchObject({
      exit: 1,
      message: 'Hm (new-in-a-later-version)',
      next: null,
    });
  });
});

describe('output', () => {
  const columns = [
    { title: 'NAME', of: (row: { name: string; n: number }) => row.name },
    { title: 'N', right: true, of: (row: { name: string; n: number }) => String(row.n) },
    { title: 'END', of: () => '' },
  ];

  it('a table has its columns in line, numbers to the right, nothing trailing', () => {
    const rows = [
      { name: 'a', n: 5 },
      { name: 'longer', n: 1_234 },
    ];
    expect(table(columns, rows)).toEqual(['NAME       N  END', 'a          5', 'longer  1234']);
    expect(table(columns, [])).toEqual(['NAME  N  END']);
  });

  it('text of others cannot move the cursor, colour, or turn around what stands there', () => {
    expect(safe('\u001b[31mred\u001b[0m \u0007bell \u202eback\u2066 new\nline')).toBe('red \ufffdbell \ufffdback\ufffd new\ufffdline');
    expect(table(columns, [{ name: '\u001b[2Jx', n: 1 }])[1]).toBe('x     1');
    expect(safe('Zoë 🔔')).toBe('Zoë 🔔');
  });

  it('instants are short, and colour comes only when asked for', () => {
    expect([when('2026-11-23T14:00:00.000Z'), when('2026-11-23T14:00:05.123Z'), when(null), when(undefined)]).toEqual([
      '2026-11-23 14:00',
      '2026-11-23 14:00:05',
      '-',
      '-',
    ]);
    const common: Common = { output: 'table', color: 'never' };
    expect([bold(common, 'x'), bold({ ...common, color: 'always' }, 'x')]).toEqual(['x', '\u001b[1mx\u001b[22m']);
  });

  const barOn = (isTTY: boolean, steps: readonly [number, number][]): string => {
    const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY });
    const bar = progressBar('facts', stream as unknown as NodeJS.WriteStream);
    for (const [done, total] of steps) bar.at(done, total);
    bar.end();
    return String(stream.read() ?? '');
  };

  it('progress is a bar on a terminal, and a line for each tenth elsewhere', () => {
    expect(
      barOn(true, [
        [0, 10],
        [5, 10],
        [10, 10],
      ]),
    ).toBe(`\rfacts ${'.'.repeat(30)} 0 of 10\rfacts ${'#'.repeat(15)}${'.'.repeat(15)} 5 of 10\rfacts ${'#'.repeat(30)} 10 of 10\n`);
    expect(
      barOn(false, [
        [0, 100],
        [1, 100],
        [9, 100],
        [10, 100],
        [55, 100],
        [59, 100],
        [100, 100],
        [100, 100],
      ]),
    ).toBe('facts 0 of 100\nfacts 10 of 100\nfacts 55 of 100\nfacts 100 of 100\n');
    expect(barOn(false, [[0, 0]])).toBe('facts 0 of 0\n');
  });
});

const program = join(import.meta.dirname, '../../bin/carillon.js');
const clean = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(CARILLON_|npm_|NODE_OPTIONS|FORCE_COLOR|VITEST)/.test(name)),
);

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

const launch = (cwd: string, args: readonly string[]): { child: ChildProcess; done: Promise<Ended> } => {
  const child = spawn(process.execPath, [program, ...args], { cwd, env: clean, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return { child, done: once(child, 'close').then(([code]) => ({ code: code as number | null, out, err })) };
};
const carillon = (cwd: string, ...args: readonly string[]): Promise<Ended> => launch(cwd, args).done;

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-cli-'));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const logOf = async (cwd: string): Promise<RecordedEvent[]> => {
  const store = openSqliteEventStore({ file: join(cwd, '.carillon', 'events.db'), clock: createSystemClock() });
  const events: RecordedEvent[] = [];
  for await (const page of store.readAll({})) events.push(...page.events);
  await store.close();
  return events;
};

describe('without a folder', () => {
  const empty = newFolder();

  it('an unknown command suggests the one that was meant, and ends with 2', async () => {
    const [typo, flag, help] = await Promise.all([
      carillon(empty, 'lst'),
      carillon(empty, 'list', '--nonsense'),
      carillon(empty, '--help'),
    ]);
    expect(typo).toMatchObject({ code: 2, out: '' });
    expect(typo.err).toContain('Did you mean list?');
    expect(flag).toMatchObject({ code: 2, out: '' });
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toContain('carillon start --demo');
  });

  it('list ends with 6 and a next step, and makes nothing', async () => {
    const [offline, remote, badOutput] = await Promise.all([
      carillon(empty, 'list'),
      carillon(empty, 'list', '--url', 'http://127.0.0.1:1', '--token-file', program),
      carillon(empty, '-o', 'xml', 'list'),
    ]);
    expect(offline).toMatchObject({ code: 6, out: '' });
    expect(offline.err).toMatch(/^carillon: No Carillon runs here.*\(service-unreachable\)\n {2}next: Start it with "carillon start"\.\n$/);
    expect(remote).toMatchObject({ code: 6 });
    expect(badOutput).toMatchObject({ code: 2 });
    expect(existsSync(join(empty, '.carillon'))).toBe(false);
  });
});

describe('on a folder with the sample facts', () => {
  const folder = newFolder();
  let first: Ended;
  beforeAll(async () => {
    first = await carillon(folder, 'start', '--demo', '--once');
  }, 60_000);

  const factsIn = (events: readonly RecordedEvent[]): string[] =>
    events.filter((event) => event.metadata.causationId.startsWith('long-weekend-')).map((event) => event.id);

  it('start --demo --once imports, catches up, explains, and ends with 0; again it imports nothing', async () => {
    expect(first.code).toBe(0);
    expect(first.err).toMatch(/sample facts (\d+) of \1\n$/);
    expect(first.out).toMatch(/^JOB +SLOT +VERDICT +DUE +CHANGED +PARKED +EVENTS\n/);
    expect(first.out).toContain('giving/release-escrows');
    expect(first.out).toMatch(/why giving\.escrow-\S+\n {2}EscrowReleased .+hold-ended/);
    const before = factsIn(await logOf(folder));
    expect(before.length).toBeGreaterThan(1_000);
    expect(await carillon(folder, 'start', '--demo', '--once')).toMatchObject({ code: 0 });
    expect(factsIn(await logOf(folder))).toEqual(before);
  });

  it('without a server, list looks into the folder itself', async () => {
    const json = await carillon(folder, 'list', '-o', 'json');
    expect(json).toMatchObject({ code: 0, err: '' });
    const jobs = JSON.parse(json.out) as { name: string; runs: number }[];
    expect(jobs.map((job) => job.name).sort()).toEqual(['arcade/finalize-pools', 'giving/release-escrows', 'quiz/update-streaks']);
    expect(jobs.every((job) => job.runs > 0)).toBe(true);
  });

  const good = '{"id":"x-1","to":"giving.escrow-x1","type":"SendDonation","data":{"donor":"d","recipient":"r","cents":1}}';

  it('a malformed import names the line, ends with 2 and changes nothing', async () => {
    const before = await logOf(folder);
    writeFileSync(join(folder, 'torn.ndjson'), `${good}\n\n{"id":"x-2","to":`);
    const torn = await carillon(folder, 'import', 'torn.ndjson', '--reason', 'a test');
    expect([torn.code, torn.out]).toEqual([2, '']);
    expect(torn.err).toMatch(/line 3: .*\(import-invalid\)\n {2}next: Correct the named line/);
    expect((await logOf(folder)).map((event) => event.id)).toEqual(before.map((event) => event.id));
  });

  describe('while one process serves it', () => {
    let server: ReturnType<typeof launch>;
    let told = '';
    beforeAll(async () => {
      server = launch(folder, ['start', '--port', '0']);
      await new Promise<void>((resolve, reject) => {
        server.child.stdout?.on('data', (text: string) => {
          told += text;
          if (told.includes('Ctrl-C stops it')) resolve();
        });
        void server.done.then(({ code, err }) => reject(new Error(`it ended with ${code}: ${err}`)));
      });
    });
    afterAll(() => void server.child.kill('SIGKILL'));

    it('others talk HTTP to it, and cannot open the folder beside it', async () => {
      const announced = JSON.parse(readFileSync(join(folder, '.carillon', 'server.json'), 'utf8')) as { url: string; pid: number };
      expect(announced.pid).toBe(server.child.pid);
      expect(told).toContain(`Carillon listens on ${announced.url}`);
      writeFileSync(join(folder, 'other.token'), 'carillon_nobody_nothing\n');
      const [run, second, stranger] = await Promise.all([
        carillon(folder, 'trigger', 'escrow-release', '--wait', '--reason', 'over HTTP', '-o', 'json'),
        carillon(folder, 'start', '--once'),
        carillon(folder, 'list', '--token-file', 'other.token'),
      ]);
      expect(run.code).toBe(0);
      expect(JSON.parse(run.out)).toMatchObject([
        { job: 'giving/release-escrows', verdict: 'completed', cause: 'manual', reason: 'over HTTP' },
      ]);
      expect(second).toMatchObject({ code: 1, out: '', err: expect.stringContaining('(store-locked)') });
      expect(stranger).toMatchObject({ code: 5, out: '' });
    });

    it('list as JSON, a job a line, and a table', async () => {
      const [json, lines, plain] = await Promise.all([
        carillon(folder, 'list', '-o', 'json'),
        carillon(folder, '-o', 'ndjson', 'list'),
        carillon(folder, 'list'),
      ]);
      const names = (JSON.parse(json.out) as { name: string }[]).map((job) => job.name);
      expect(names).toHaveLength(3);
      expect(
        lines.out
          .trimEnd()
          .split('\n')
          .map((line) => (JSON.parse(line) as { name: string }).name),
      ).toEqual(names);
      expect(
        plain.out
          .trimEnd()
          .split('\n')
          .map((line) => line.split(' ')[0]),
      ).toEqual(['JOB', ...names]);
      expect([json, lines, plain].map(({ code, err }) => [code, err])).toEqual([
        [0, ''],
        [0, ''],
        [0, ''],
      ]);
    });

    it('why explains an actor by its stream, or by a bare id that is its alone', async () => {
      const [whole, bare, several, nobody] = await Promise.all(
        ['giving.escrow-33c0eb', 'kept-at-48-hours', '33c0eb', 'giving.escrow-zzz'].map((id) => carillon(folder, 'why', id)),
      );
      expect(whole).toMatchObject({ code: 0, err: '' });
      expect(whole?.out).toMatch(/^why giving\.escrow-33c0eb\n/);
      expect(whole?.out).toMatch(
        /\n {2}EscrowHeld .+receipt-confirmed .+command long-weekend-\d+ by demo \("sample facts"\)\n {4}then FundsReceivable/,
      );
      expect(whole?.out).toMatch(/\n {2}now: .+\n$/);
      expect(bare?.out).toMatch(/^why quiz\.progress-kept-at-48-hours\n/);
      expect(several).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringMatching(/giving\.escrow-33c0eb and giving\.cycle-33c0eb.*\(ambiguous-name\)/),
      });
      expect(nobody).toMatchObject({ code: 3, out: '' });
    });

    it('a job or a file that is not there ends with 3; a line that its actor does not take with 2', async () => {
      writeFileSync(join(folder, 'wrong.ndjson'), `${good}\n${good.replace('x-1', 'x-2').replace('"cents":1', '"cents":"one"')}\n`);
      const reason = ['--reason', 'a test'];
      const [job, file, line, silent] = await Promise.all([
        carillon(folder, 'trigger', 'nonsense'),
        carillon(folder, 'import', 'missing.ndjson', ...reason),
        carillon(folder, 'import', 'wrong.ndjson', ...reason),
        carillon(folder, 'import', 'wrong.ndjson'),
      ]);
      expect(job).toMatchObject({ code: 3, out: '', err: expect.stringContaining('No job is named "nonsense" (job-unknown)\n  next: ') });
      expect(file).toMatchObject({ code: 3, out: '', err: expect.stringContaining('missing.ndjson cannot be read') });
      expect(line).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/line 2: .*cents/) });
      expect(silent).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--reason') });
    });

    it('told to stop, it ends with 0 and leaves the folder free', async () => {
      server.child.kill('SIGTERM');
      expect(await server.done).toMatchObject({ code: 0 });
      expect(existsSync(join(folder, '.carillon', 'server.json'))).toBe(false);
      const streams = (await logOf(folder)).map((event) => event.stream);
      expect(streams.filter((stream) => stream.endsWith('-x1') || stream.includes('wrong') || stream.includes('torn'))).toEqual([]);
    });
  });
});
