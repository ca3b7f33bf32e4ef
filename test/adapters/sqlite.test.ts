import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { assertSqliteVersion } from '../../src/adapters/sqlite/database.ts';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { lockFolder } from '../../src/adapters/sqlite/lock.ts';
import { openSqliteVault } from '../../src/adapters/sqlite/vault.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { AppendItem } from '../../src/ports/event-store.ts';
import { collect, event, freshStream, won } from '../contracts/event-store/harness.ts';
import { type Child, startChild } from './support/child.ts';
import { useFolder } from './support/folder.ts';

const clock = createSystemClock();
const { root, path } = useFolder();
const openEvents = (maxPages?: number) =>
  openSqliteEventStore({ file: path('events.db'), clock, ...(maxPages === undefined ? {} : { maxPages }) });
const item = (text = 'x', stream = freshStream()): AppendItem => ({
  stream,
  events: [event('EscrowHeld', { text })],
  expected: 'no-stream',
});

const edit = (file: string, sql: string): void => {
  const db = new DatabaseSync(path(file));
  db.exec(sql);
  db.close();
};

describe('the folder lock', () => {
  const holder = (folder: string): Child =>
    startChild(`
      const { lockFolder } = await import(adapters + 'sqlite/lock.ts');
      globalThis.held = lockFolder(${JSON.stringify(folder)});
      console.log('held');
      setInterval(() => {}, 1000);
    `);

  it('refuses a second process, naming the folder, until the first is killed', async () => {
    const child = holder(root());
    expect(await child.line()).toBe('held');
    expect(() => lockFolder(root())).toThrow(expect.objectContaining({ code: 'store-locked', message: expect.stringContaining(root()) }));
    await child.kill();
    lockFolder(root()).release();
  });

  it('refuses the same process too, until it is released', () => {
    const lock = lockFolder(path('new/folder'));
    expect(() => lockFolder(path('new/folder'))).toThrow(expect.objectContaining({ code: 'store-locked' }));
    lock.release();
    lock.release();
    lockFolder(path('new/folder')).release();
  });
});

describe('opening', () => {
  it('refuses a newer schema', async () => {
    await openEvents().close();
    edit('events.db', 'PRAGMA user_version=99');
    expect(() => openEvents()).toThrow(expect.objectContaining({ code: 'store-newer' }));
  });

  it.each(['events.db', 'vault.db'])('refuses an %s that is no database', (name) => {
    writeFileSync(path(name), 'not a database, but long enough to have a header of its own'.repeat(100));
    const open = name === 'vault.db' ? () => openSqliteVault({ file: path(name) }) : () => openEvents();
    expect(open).toThrow(expect.objectContaining({ code: 'store-corrupt' }));
  });

  it("refuses another program's database", () => {
    edit('events.db', 'CREATE TABLE other (a)');
    expect(() => openEvents()).toThrow(expect.objectContaining({ code: 'store-corrupt' }));
  });

  it('refuses an old SQLite', () => {
    for (const version of ['3.51.2', '3.46.0', '2.99.9'])
      expect(() => assertSqliteVersion(version)).toThrow(expect.objectContaining({ code: 'sqlite-old' }));
    for (const version of ['3.51.3', '3.52.0', '4.0.0']) assertSqliteVersion(version);
  });

  it('says what is wrong when the folder is missing', () => {
    expect(() => openSqliteVault({ file: path('missing/vault.db') })).toThrow();
  });
});

describe('damage', () => {
  it('names the position of an event that cannot be read', async () => {
    const store = openEvents();
    const items = [item(), item(), item()];
    await store.appendMany(items);
    await store.close();
    edit('events.db', `UPDATE events SET body = '[{"text":' WHERE position = 2`);
    const damaged = openEvents();
    const corrupt = expect.objectContaining({ code: 'store-corrupt', message: expect.stringContaining('position 2') });
    await expect(collect(damaged.readAll({}))).rejects.toThrow(corrupt);
    await expect(damaged.read(items[1]?.stream ?? freshStream())).rejects.toThrow(corrupt);
    expect((await damaged.read(items[2]?.stream ?? freshStream())).events).toHaveLength(1);
    await damaged.close();
  });

  it('does not hide the events of a stream that lost its name', async () => {
    const store = openEvents();
    await store.appendMany([item(), item()]);
    await store.close();
    edit('events.db', 'DELETE FROM streams WHERE id = 2');
    const damaged = openEvents();
    await expect(collect(damaged.readAll({}))).rejects.toMatchObject({ code: 'store-corrupt', facts: { position: 2 } });
    await damaged.close();
  });

  it('finds a page that was overwritten', async () => {
    const store = openEvents();
    for (let round = 0; round < 20; round++) await store.appendMany(Array.from({ length: 50 }, () => item('x'.repeat(200))));
    await store.close();
    const bytes = readFileSync(path('events.db'));
    bytes.fill(0xff, 8 * 4096, 40 * 4096);
    writeFileSync(path('events.db'), bytes);
    const read = async (): Promise<unknown> => {
      const damaged = openEvents();
      return collect(damaged.readAll({})).finally(() => damaged.close());
    };
    await expect(read()).rejects.toMatchObject({ code: 'store-corrupt' });
  });
});

describe('a full disk', () => {
  it('leaves nothing half done, keeps reading, and writes again when there is room', async () => {
    const store = openEvents(60);
    const kept = item('small');
    won(await store.append(kept));
    const large = item('x'.repeat(400_000));
    await expect(store.append(large)).rejects.toMatchObject({ code: 'store-full' });
    expect((await store.read(large.stream)).head).toBe('no-stream');
    expect((await collect(store.readAll({}))).events).toHaveLength(1);
    expect((await store.read(kept.stream)).events).toHaveLength(1);
    await store.close();
    const roomy = openEvents(1000);
    expect((await roomy.read(large.stream)).head).toBe('no-stream');
    const positions = [won(await roomy.append(large)).position, won(await roomy.append(kept)).position];
    expect(positions).toEqual(['0000000000000002', '0000000000000001']);
    await roomy.close();
  });

  it('takes the small ones of a group when a large one has no room', async () => {
    const store = openEvents(60);
    const [first, large, last] = await Promise.allSettled([
      store.append(item()),
      store.append(item('x'.repeat(400_000))),
      store.append(item()),
    ]);
    expect([first.status, large.status, last.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await collect(store.readAll({}))).events.map((found) => found.position)).toEqual(['0000000000000001', '0000000000000002']);
    await store.close();
  });

  it('refuses all of a batch, and none of it is there', async () => {
    const store = openEvents(60);
    const batch = [item(), item('x'.repeat(400_000)), item()];
    await expect(store.appendMany(batch)).rejects.toMatchObject({ code: 'store-full' });
    expect(await store.head()).toBeNull();
    won(await store.append(batch[0] ?? item()));
    await store.close();
  });
});

describe('a crash', () => {
  it('loses nothing that was answered', async () => {
    const child = startChild(`
      const { openSqliteEventStore } = await import(adapters + 'sqlite/event-store.ts');
      const { createSystemClock } = await import(adapters + 'system/clock.ts');
      const store = openSqliteEventStore({ file: ${JSON.stringify(path('events.db'))}, clock: createSystemClock() });
      const metadata = { correlationId: 'c', causationId: 'k', asOf: '2026-01-25T00:00:00.000Z', rule: 'r', schema: '1' };
      const writer = async (name) => {
        for (let n = 0; ; n++) {
          await store.append({ stream: 'giving.escrow-' + name, events: [{ id: name + n, type: 'EscrowHeld', data: { n }, metadata }], expected: n === 0 ? 'no-stream' : n - 1 });
          console.log(name + ' ' + n);
        }
      };
      for (const name of ['a', 'b', 'c', 'd']) void writer(name);
    `);
    const answered = new Map<string, number>();
    for (let lines = 0; lines < 2000; lines++) {
      const [name = '', n = ''] = (await child.line()).split(' ');
      answered.set(name, Number(n));
    }
    await child.kill();
    const store = openEvents();
    for (const [name, n] of answered) {
      const { head, events } = await store.read(`giving.escrow-${name}`, { limit: 1_000_000 });
      expect(head).toBeGreaterThanOrEqual(n);
      expect(events.map((found) => found.id)).toEqual(events.map((_, index) => `${name}${index}`));
    }
    await store.close();
  });
});
