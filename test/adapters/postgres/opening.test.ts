import { DatabaseError } from 'pg';
import { expect, it } from 'vitest';
import { storeError } from '../../../src/adapters/postgres/errors.ts';
import { openPostgresEventStore } from '../../../src/adapters/postgres/event-store.ts';
import { openPostgresReadModels } from '../../../src/adapters/postgres/read-models.ts';
import { openPostgresVault } from '../../../src/adapters/postgres/vault.ts';
import { event, freshStream } from '../../contracts/event-store/harness.ts';
import { startPostgres } from '../../support/postgres.ts';
import { clock, connect, onPostgres, openStore } from './support.ts';

const open = (url: string) => openPostgresEventStore({ url, clock });
const named = (code: string, message: RegExp | string) => ({ code, message: expect.stringMatching(message) });

onPostgres('opening', (server) => {
  it.each([
    ['no address', () => 'localhost:5432', 'config-invalid', /CARILLON_POSTGRES_URL is not an address/],
    [
      'a password that is not encoded',
      () => 'postgres://u:50%off@localhost/db',
      'config-invalid',
      /CARILLON_POSTGRES_URL is not an address/,
    ],
    [
      'TLS that the server has not',
      () => `postgres://carillon@127.0.0.1:${server().port}/postgres?sslmode=verify-full`,
      'config-invalid',
      /TLS; correct CARILLON_POSTGRES_URL/,
    ],
    ['another protocol', () => 'mysql://localhost/db', 'config-invalid', /CARILLON_POSTGRES_URL is not an address/],
    [
      'a host that has no address',
      () => 'postgres://u@no-such-host.invalid/db',
      'config-invalid',
      /no address; correct CARILLON_POSTGRES_URL/,
    ],
    ['an unknown user', () => `postgres://nobody@127.0.0.1:${server().port}/postgres`, 'config-invalid', /user.*CARILLON_POSTGRES_URL/],
    [
      'an unknown database',
      () => `postgres://carillon@127.0.0.1:${server().port}/none`,
      'config-invalid',
      /no such database; correct CARILLON_POSTGRES_URL/,
    ],
    [
      'a port where nobody listens',
      () => 'postgres://carillon@127.0.0.1:1/postgres',
      'store-unavailable',
      /does not listen.*CARILLON_POSTGRES_URL/,
    ],
  ])('%s is a clear error that names the setting', async (_name, url, code, message) => {
    await expect(open(url())).rejects.toMatchObject(named(code, message));
    await expect(openPostgresReadModels({ url: url() })).rejects.toMatchObject({ code });
    await expect(openPostgresVault({ url: url() })).rejects.toMatchObject({ code });
  });

  it('a wrong password is config-invalid, and is told nowhere', async () => {
    const url = await server().createDatabase();
    const admin = await connect(url);
    await admin.query(`CREATE ROLE guarded LOGIN PASSWORD 'right'`);
    const { rows } = await admin.query('SHOW hba_file');
    const { readFile, writeFile } = await import('node:fs/promises');
    const trust = await readFile(rows[0].hba_file, 'utf8');
    await writeFile(rows[0].hba_file, `host all guarded 127.0.0.1/32 scram-sha-256\n${trust}`);
    await admin.query('SELECT pg_reload_conf()');
    await expect(open(url.replace('carillon@', 'guarded@'))).rejects.toMatchObject(named('config-invalid', /CARILLON_POSTGRES_URL/));
    const wrong = url.replace('carillon@', 'guarded:s3cret@');
    const error = await open(wrong).catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject(named('config-invalid', /password.*CARILLON_POSTGRES_URL/));
    expect(JSON.stringify([(error as Error).message, (error as Error).stack])).not.toContain('s3cret');
  });

  it('commits that are answered before they are durable are refused, by the log and by the vault', async () => {
    const url = await server().createDatabase();
    const admin = await connect(url);
    await admin.query(`ALTER DATABASE ${url.split('/').at(-1)} SET synchronous_commit = off`);
    const refused = named('config-invalid', /set synchronous_commit = on .*CARILLON_POSTGRES_URL/);
    await expect(open(url)).rejects.toMatchObject(refused);
    await expect(openPostgresVault({ url })).rejects.toMatchObject(refused);
    await (await openPostgresReadModels({ url })).close();
  });

  it('a database of another encoding is refused', async () => {
    const admin = await connect(await server().createDatabase());
    await admin.query(`CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`);
    const url = `postgres://carillon@127.0.0.1:${server().port}/ascii`;
    await expect(open(url)).rejects.toMatchObject(named('config-invalid', /encoding SQL_ASCII/));
  });

  it('a newer schema is refused and left alone', async () => {
    const url = await server().createDatabase();
    await (await open(url)).close();
    const admin = await connect(url);
    await admin.query('UPDATE carillon.schema_versions SET version = 99');
    await expect(open(url)).rejects.toMatchObject(named('store-newer', /schema 99 of events; this Carillon knows \d+/));
    expect((await admin.query('SELECT version FROM carillon.schema_versions')).rows).toEqual([{ version: 99 }]);
  });

  it('ten processes may open an empty database together', async () => {
    const url = await server().createDatabase();
    const stores = await Promise.all(Array.from({ length: 10 }, () => open(url)));
    const models = await Promise.all(Array.from({ length: 3 }, () => openPostgresReadModels({ url })));
    const stream = freshStream();
    expect(await stores[3]!.append({ stream, events: [event()], expected: 'no-stream' })).toMatchObject({ ok: true });
    expect((await stores[9]!.read(stream)).head).toBe(0);
    await Promise.all([...stores, ...models].map((each) => each.close()));
  });

  it('a user who may not change the schema opens one that is up to date', async () => {
    const url = await server().createDatabase();
    const admin = await connect(url);
    await admin.query('CREATE ROLE app LOGIN');
    const asApp = url.replace('carillon@', 'app@');
    await expect(open(asApp)).rejects.toMatchObject(named('config-invalid', /does not let this user.*CARILLON_POSTGRES_URL/));
    await openStore(url);
    await admin.query(`GRANT USAGE ON SCHEMA carillon TO app; GRANT ALL ON ALL TABLES IN SCHEMA carillon TO app;
      GRANT ALL ON ALL SEQUENCES IN SCHEMA carillon TO app`);
    const store = await openStore(asApp);
    expect(await store.append({ stream: freshStream(), events: [event()], expected: 'no-stream' })).toMatchObject({ ok: true });
  });

  it('a server without fsync is refused', async () => {
    const careless = await startPostgres(['-c', 'fsync=off']);
    try {
      await expect(open(await careless.createDatabase())).rejects.toMatchObject(
        named('config-invalid', /fsync=off.*CARILLON_POSTGRES_URL/),
      );
    } finally {
      await careless.stop();
    }
  });
});

it.each([
  ['53100', 'store-full'],
  ['53300', 'store-unavailable'],
  ['40P01', 'store-unavailable'],
  ['57P03', 'store-unavailable'],
  ['08006', 'store-unavailable'],
  ['25006', 'store-unavailable'],
  ['XX001', 'store-corrupt'],
])('SQLSTATE %s is %s', (state, code) => {
  const error = Object.assign(new DatabaseError('it says so', 10, 'error'), { code: state, severity: 'ERROR' });
  expect(storeError(error, 'db')).toMatchObject({ code, message: expect.stringContaining('it says so') });
});

it('what the server says of our own mistakes is given back as it is', () => {
  const error = Object.assign(new DatabaseError('syntax error', 10, 'error'), { code: '42601', severity: 'ERROR' });
  expect(storeError(error, 'db')).toBe(error);
});
