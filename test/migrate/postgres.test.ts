import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openPostgresReadModels } from '../../src/adapters/postgres/read-models.ts';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { type App, createApp, openMove } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import type { StreamName } from '../../src/core/event.ts';
import { runDemo } from '../../src/demo.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { createMoveClock } from '../../src/migrate/move-clock.ts';
import { tempFolder, testConfig } from '../support/app.ts';
import { allEvents, brokenProjections } from '../support/audit.ts';
import { escrowFacts } from '../support/escrow-facts.ts';
import { hasPostgres, type PrivatePostgres, startPostgres } from '../support/postgres.ts';
import { fillLog, readLog } from './support.ts';

const bin = resolve(import.meta.dirname, '../../bin/carillon.js');
const quiet = (): void => undefined;
const whole = new AbortController().signal;
const gone = 'giving.escrow-gone' as StreamName;

/** A folder in which Carillon has worked, with an actor that was erased and a stream that lost its beginning. */
const livedInFolder = async (escrows: number): Promise<Config> => {
  const config = { ...(await testConfig(tempFolder())), partitions: 8 };
  const app = await createApp(config, { listen: false, facts: { name: 'escrows', lines: escrowFacts(escrows, Date.now()) } });
  await runDemo(app);
  const body = { id: 'c1', to: gone, type: 'SendDonation', data: { donor: 'd1', recipient: 'r1', cents: 500 } };
  expect((await app.inject('POST', '/api/v1/commands', body)).status).toBe(200);
  expect((await app.inject('DELETE', `/api/v1/streams/${gone}?reason=asked`)).status).toBe(200);
  await app.vault.put('person-1', { mail: 'a@example.org', nested: { n: 1 } });
  await app.vault.put('person-2', { mail: 'b@example.org' });
  await app.vault.erase('person-2');
  await app.close();
  const clock = createMoveClock(createSystemClock());
  const store = openSqliteEventStore({ file: join(config.folder, 'events.db'), clock });
  await fillLog(store, clock.stand);
  await store.close();
  return config;
};

const logOf = async (config: Config) => {
  const store = openSqliteEventStore({ file: join(config.folder, 'events.db'), clock: createSystemClock() });
  const log = await readLog(store);
  await store.close();
  return log;
};

/** Every reactor has met all events of its own: what they would do a second time is done by then. */
const reactorsAreThrough = async (app: App): Promise<void> => {
  const events = await allEvents(app);
  for (const reactor of app.service.registry.reactors) {
    const last = events.findLast(({ type }) => reactor.on.includes(type));
    if (last !== undefined) await app.service.readModels.passed(`reactor:${reactor.name}`, last.position);
  }
};

/** The command line in a process of its own. */
const carillon = (config: Config, url: string) => {
  const child = spawn(process.execPath, [bin, 'migrate', '--from', 'sqlite', '--to', 'postgres', '--folder', config.folder, '-o', 'json'], {
    cwd: config.folder,
    env: { PATH: process.env.PATH, CARILLON_POSTGRES_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  child.stdout.on('data', (text) => said.push(String(text)));
  child.stderr.on('data', (text) => said.push(String(text)));
  return { child, said: () => said.join(''), ended: once(child, 'exit').then(([code, signal]) => signal ?? code) };
};

describe.runIf(hasPostgres)('carillon migrate --to postgres', () => {
  let server: PrivatePostgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.stop());

  it('killed in the middle and run again, moves everything, and the new deployment goes on', { timeout: 120_000 }, async () => {
    const folder = await livedInFolder(25);
    const log = await logOf(folder);
    const url = await server.createDatabase();
    const config: Config = { ...folder, store: 'postgres', readModels: 'postgres', postgresUrl: url };

    const first = carillon(folder, url);
    await new Promise<void>((middle) => first.child.stderr.on('data', () => /copying [1-9]/.test(first.said()) && middle()));
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');

    const second = carillon(folder, url);
    expect([await second.ended, second.said()]).toEqual([0, expect.stringContaining('put it away')]);
    const told = JSON.parse(/^\{[\s\S]*?^\}/m.exec(second.said())![0]) as { found: number; copied: number };
    expect(told).toMatchObject({ events: log.length, subjects: 1, to: 'postgres' });
    expect(told.found).toBeGreaterThan(0);
    expect(told.copied).toBeGreaterThan(0);

    const models = await openPostgresReadModels({ url });
    for (const reactor of ['giving/post-wallet', 'arcade/split-payments'])
      expect(await models.checkpoint(`reactor:${reactor}`), 'a process with handlers only must not begin at the head').toMatch(/^0+$/);
    await models.close();

    const app = await createApp(config, { listen: false });
    onTestFinished(() => app.close());
    expect(app.service.partitions).toBe(8);
    const there = (await allEvents(app)).slice(0, log.length).map(({ position: _, ...rest }) => rest);
    expect(there).toEqual(log);
    expect(await app.vault.get('person-1')).toEqual({ mail: 'a@example.org', nested: { n: 1 } });
    expect(await app.vault.get('person-2')).toBeNull();

    await runDemo(app);
    const body = { id: 'c2', to: 'giving.escrow-next', type: 'SendDonation', data: { donor: 'd1', recipient: 'r1', cents: 500 } };
    expect((await app.inject('POST', '/api/v1/commands', body)).status).toBe(200);
    expect((await app.inject('POST', '/api/v1/commands', { ...body, id: 'c3', to: gone })).status).toBe(410);
    await reactorsAreThrough(app);
    const domain = (await allEvents(app)).filter(({ stream }) => stream.startsWith('giving.') && stream !== 'giving.escrow-next');
    expect(domain.map(({ id }) => id)).toEqual(log.filter(({ stream }) => stream.startsWith('giving.')).map(({ id }) => id));
    expect(await brokenProjections(app)).toEqual([]);
  });

  it('takes a backup first, while the service runs, and then only what came since', { timeout: 60_000 }, async () => {
    const folder = { ...(await testConfig(tempFolder())), partitions: 8 };
    const app = await createApp(folder, { listen: false, facts: { name: 'escrows', lines: escrowFacts(5, Date.now()) } });
    await runDemo(app);
    await app.vault.put('person-gone', { mail: 'c@example.org' });
    const backup = tempFolder();
    expect((await app.inject('POST', '/api/v1/backup', { folder: backup })).status).toBe(200);
    copyFileSync(join(folder.folder, 'store.json'), join(backup, 'store.json'));
    rmSync(join(backup, 'vault.db'));
    const url = await server.createDatabase();
    const config: Config = { ...folder, store: 'postgres', readModels: 'postgres', postgresUrl: url };
    const move = async (from: string) => {
      const both = await openMove({ ...config, folder: from });
      return migrate(both, quiet, whole).finally(both.close);
    };
    const first = await move(backup);
    expect(first).toMatchObject({ found: 0, subjects: 0 });

    const [escrow] = (await allEvents(app)).filter(({ type }) => type === 'EscrowReleased');
    expect((await app.inject('DELETE', `/api/v1/streams/${escrow!.stream}?reason=asked`)).status).toBe(200);
    await app.vault.erase('person-gone');
    await app.vault.put('person-new', { mail: 'd@example.org' });
    await app.close();
    const log = await logOf(folder);
    const second = await move(folder.folder);
    expect(second).toMatchObject({ events: log.length, subjects: 1, copied: expect.any(Number) });
    expect(second!.copied).toBeLessThan(first!.events);

    const target = await openMove(config);
    onTestFinished(() => target.close());
    expect(await readLog(target.to.store)).toEqual(log);
    expect(await target.to.vault.get('person-gone')).toBeNull();
    expect(await target.to.vault.get('person-new')).toEqual({ mail: 'd@example.org' });
  });

  it('refuses while a server holds the folder, while one runs on the target, and an unknown folder', { timeout: 60_000 }, async () => {
    const folder = await testConfig(tempFolder());
    const url = await server.createDatabase();
    const config: Config = { ...folder, store: 'postgres', readModels: 'postgres', postgresUrl: url };
    const embedded = await createApp(folder, { listen: false });
    const busy = carillon(folder, url);
    expect([await busy.ended, busy.said()]).toEqual([1, expect.stringContaining('store-locked')]);
    await embedded.close();

    const target = await createApp({ ...config, folder: tempFolder() }, { listen: false });
    await expect(openMove(config)).rejects.toMatchObject({ code: 'store-locked' });
    await target.close();
    const move = await openMove(config);
    await expect(migrate(move, quiet, whole)).rejects.toMatchObject({ code: 'bad-request' });
    await move.close();

    const empty = carillon({ ...folder, folder: tempFolder() }, url);
    expect([await empty.ended, empty.said()]).toEqual([3, expect.stringContaining('CARILLON_FOLDER')]);
    const unnamed = carillon(folder, '');
    expect([await unnamed.ended, unnamed.said()]).toEqual([2, expect.stringContaining('CARILLON_POSTGRES_URL')]);
  });

  it('refuses a target made for another number of partitions', { timeout: 60_000 }, async () => {
    const folder = await testConfig(tempFolder());
    await (await createApp({ ...folder, partitions: 8 }, { listen: false })).close();
    const url = await server.createDatabase();
    const config: Config = { ...folder, store: 'postgres', readModels: 'postgres', postgresUrl: url };
    await (await createApp({ ...config, folder: tempFolder(), partitions: 4 }, { listen: false })).close();
    await expect(openMove(config)).rejects.toMatchObject({ code: 'config-invalid', message: expect.stringContaining('4 partitions') });
  });
});
