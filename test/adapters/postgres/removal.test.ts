import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openPostgresVault } from '../../../src/adapters/postgres/vault.ts';
import { collect, event, events, freshStream } from '../../contracts/event-store/harness.ts';
import { commitOf, place, sample } from '../../contracts/read-models/harness.ts';
import { connect, onPostgres, openModels, openStore } from './support.ts';

/** Whether a database's tables have a text anywhere in their files. */
const filesHave = async (data: string, url: string, text: string): Promise<boolean> => {
  const client = await connect(url);
  await client.query('CHECKPOINT');
  const { rows } = await client.query(`SELECT oid::text FROM pg_database WHERE datname = current_database()`);
  const folder = join(data, 'base', rows[0].oid);
  return readdirSync(folder).some((file) => readFileSync(join(folder, file)).includes(text));
};

onPostgres('what is removed', (server) => {
  it('the bytes of an erased subject are gone from the files of the vault', async () => {
    const url = await server().createDatabase();
    const vault = await openPostgresVault({ url });
    onTestFinished(() => vault.close());
    await vault.put('s-1', { email: 'nobody-must-read-this@example.org' });
    await vault.put('s-2', { email: 'kept@example.org', name: 'scrubbed-name-of-somebody' });
    expect(await filesHave(server().data, url, 'nobody-must-read-this')).toBe(true);
    await Promise.all([vault.erase('s-1'), vault.scrub('s-2', ['name'])]);
    expect(await filesHave(server().data, url, 'nobody-must-read-this')).toBe(false);
    expect(await filesHave(server().data, url, 'scrubbed-name-of-somebody')).toBe(false);
    expect(await filesHave(server().data, url, 'kept@example.org')).toBe(true);
  });

  it('the bytes of a removed row are gone from the files of the read models after a purge', async () => {
    const url = await server().createDatabase();
    const models = await openModels(url);
    await models.open(sample(), 'live');
    await models.commit(commitOf(null, 1, { places: [place('b', 'removed-person', 1), place('b', 'ann', 2)] }));
    await models.commit(commitOf(1, 2, { removes: [{ table: 'places', key: ['b', 'removed-person'] }] }));
    await models.purge();
    expect(await filesHave(server().data, url, 'removed-person')).toBe(false);
    expect(await models.count('places', {})).toBe(1);
  });

  it('an erased event is unreadable at once, and its bytes go with compact', async () => {
    const url = await server().createDatabase();
    const store = await openStore(url);
    const [gone, kept] = [freshStream(), freshStream()];
    await store.append({ stream: gone, events: [event('EscrowHeld', { name: 'erased-person' })], expected: 'no-stream' });
    await store.append({ stream: kept, events: [event('EscrowHeld', { name: 'kept-person' })], expected: 'no-stream' });
    await store.erase(gone);
    expect(JSON.stringify((await collect(store.readAll({}))).events)).not.toContain('erased-person');
    await store.compact();
    expect(await filesHave(server().data, url, 'erased-person')).toBe(false);
    expect(await filesHave(server().data, url, 'kept-person')).toBe(true);
    expect((await store.read(kept)).events).toHaveLength(1);
  });

  it('truncated rows stay as long as an old statement may run, then go; the newest event stays whatever is asked', async () => {
    const url = await server().createDatabase();
    const store = await openStore(url);
    const stream = freshStream();
    await store.append({ stream, events: events(10), expected: 'no-stream' });
    const client = await connect(url);
    const rowsLeft = async (): Promise<number> => (await client.query('SELECT FROM carillon.events')).rowCount ?? 0;
    await store.truncate(stream, 5);
    expect([(await store.read(stream)).events.length, await rowsLeft()]).toEqual([5, 10]);
    // The stale append of somebody who read the stream before: its place is taken.
    expect(await store.append({ stream, events: [event()], expected: 2 })).toEqual({ ok: false, actual: 9 });
    await client.query(`UPDATE carillon.events SET recorded_at = recorded_at - 3600000 WHERE id = ''`);
    await store.truncate(stream, 1_000);
    expect([(await store.read(stream)).events.length, await rowsLeft()]).toEqual([1, 5]);
    expect(await store.append({ stream, events: [event()], expected: 9 })).toMatchObject({ ok: true, revision: 10 });
  });
});
