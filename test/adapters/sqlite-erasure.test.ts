import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { backupFolder } from '../../src/adapters/sqlite/backup.ts';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { openSqliteVault } from '../../src/adapters/sqlite/vault.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { StreamName } from '../../src/core/event.ts';
import { collect, collectUntil, event, freshStream, won } from '../contracts/event-store/harness.ts';
import { startChild } from './support/child.ts';
import { useFolder } from './support/folder.ts';

const clock = createSystemClock();
const { path, bytes, root } = useFolder();
const openEvents = () => openSqliteEventStore({ file: path('events.db'), clock });
const people = 400;
const secretOf = (person: number): string => `SECRET-${person}-OF-A-PERSON.`;

/** Repeatable chance. Texts are short or several pages long: what SQLite keeps in a row, and beside it. */
const dice = (seed: number) => {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { next, below, text: (person: number): string => secretOf(person).repeat(1 + below(next() < 0.1 ? 600 : 20)) };
};

/** Numbers of people whose text is in the bytes, or is missing, against what it should be. */
const wrong = (found: Buffer, gone: ReadonlySet<number>): number[] =>
  Array.from({ length: people }, (_, person) => person).filter((person) => found.includes(secretOf(person)) === gone.has(person));

describe('erasure', () => {
  it.each([1, 2, 3])('leaves no byte of an event in the files, whatever was written, cut and erased before (seed %i)', async (seed) => {
    const store = openEvents();
    const { next, below, text } = dice(seed);
    const name = (person: number): StreamName => `giving.escrow-${person}`;
    const write = async (person: number): Promise<void> => {
      const { head } = await store.read(name(person), { limit: 0 });
      if (head === 'erased') return;
      await store.append({ stream: name(person), events: [event('EscrowHeld', { text: text(person) })], expected: head });
    };
    for (let round = 0; round < 5; round++)
      for (let person = 0; person < people; person++) if (round === 0 || next() < 0.7) await write(person);
    const gone = new Set<number>();
    for (let step = 0; step < 200; step++) {
      const person = below(people);
      await store.erase(name(person));
      gone.add(person);
      if (step % 3 === 0) await write(below(people));
      if (step % 5 === 0) await store.truncate(name(below(people)), 2);
    }
    expect(wrong(bytes('events.db'), gone)).toEqual([]);
    await store.close();
  });

  it.each([1, 2, 3])('leaves no byte of a person in the files, whatever was put, scrubbed and erased before (seed %i)', async (seed) => {
    const vault = openSqliteVault({ file: path('vault.db') });
    const { next, below, text } = dice(seed);
    const put = (person: number): Promise<void> => vault.put(`s-${person}`, { text: text(person) });
    for (let round = 0; round < 4; round++)
      for (let at = 0; at < people; at++) if (round === 0 || next() < 0.8) await put((at * 7919) % people);
    const gone = new Set<number>();
    for (let step = 0; step < 200; step++) {
      const person = below(people);
      await (step % 2 === 0 ? vault.erase(`s-${person}`) : vault.scrub(`s-${person}`, ['text']));
      gone.add(person);
      const other = below(people);
      if (step % 3 === 0 && !gone.has(other)) await put(other);
    }
    expect(wrong(bytes('vault.db'), gone)).toEqual([]);
    await vault.close();
  });

  it('removes it from memory too: live readers get the marker only', async () => {
    const store = openEvents();
    const stream = freshStream();
    const other = freshStream();
    await store.append({ stream, events: [event('EscrowHeld', { text: secretOf(1) })], expected: 'no-stream' });
    await store.append({ stream: other, events: [event()], expected: 'no-stream' });
    await store.erase(stream);
    const found = await collectUntil(store.subscribe({}, new AbortController().signal), (events) => events.length >= 2);
    expect(found.map((item) => item.type)).toEqual(['EscrowHeld', 'StreamErased']);
    expect(store.stats.diskPages).toBe(0);
    await store.close();
  });

  it('is finished at the next start when the process dies in it', async () => {
    const child = startChild(`
      const { DatabaseSync } = await import('node:sqlite');
      const { openSqliteEventStore } = await import(adapters + 'sqlite/event-store.ts');
      const { createSystemClock } = await import(adapters + 'system/clock.ts');
      const file = ${JSON.stringify(path('events.db'))};
      const store = openSqliteEventStore({ file, clock: createSystemClock() });
      const metadata = { correlationId: 'c', causationId: 'k', asOf: '2026-01-25T00:00:00.000Z', rule: 'r', schema: '1' };
      await store.append({ stream: 'giving.escrow-1', events: [{ id: '1', type: 'EscrowHeld', data: { text: '${secretOf(1)}' }, metadata }], expected: 'no-stream' });
      const reader = new DatabaseSync(file);
      reader.exec('BEGIN');
      reader.prepare('SELECT * FROM events').all();
      store.erase('giving.escrow-1').then(() => console.log('too early'));
      console.log('erased, but a reader holds the old pages');
      setInterval(() => reader, 1000);
    `);
    expect(await child.line()).toContain('a reader holds');
    await child.kill();
    expect(bytes('events.db').includes(secretOf(1))).toBe(true);
    const store = openEvents();
    expect(bytes('events.db').includes(secretOf(1))).toBe(false);
    expect((await store.read('giving.escrow-1')).head).toBe('erased');
    await store.close();
  });

  it('gives room back when it is compacted, and keeps everything else', async () => {
    const store = openEvents();
    const kept = freshStream();
    await store.append({ stream: kept, events: [event()], expected: 'no-stream' });
    for (let n = 0; n < 300; n++) {
      const stream = freshStream();
      await store.append({ stream, events: [event('EscrowHeld', { text: 'x'.repeat(2000) })], expected: 'no-stream' });
      if (n % 3 > 0) await store.truncate(stream, 1);
      else await store.erase(stream);
    }
    const before = await collect(store.readAll({}));
    const size = statSync(path('events.db')).size;
    await store.compact();
    expect(await collect(store.readAll({}))).toEqual(before);
    expect(statSync(path('events.db')).size).toBeLessThan(size);
    const result = won(await store.append({ stream: kept, events: [event()], expected: 0 }));
    expect(result.position > (before.marks.at(-1) ?? '')).toBe(true);
    await store.close();
  });
});

describe('a backup', () => {
  it('of a live folder is whole: it opens, and has what was answered before', async () => {
    const store = openEvents();
    const vault = openSqliteVault({ file: path('vault.db') });
    await vault.put('s-1', { email: 'a@example.org' });
    for (let round = 0; round < 20; round++)
      await store.appendMany(
        Array.from({ length: 200 }, () => ({ stream: freshStream(), events: [event()], expected: 'no-stream' as const })),
      );
    const copying = backupFolder(root(), path('copies'));
    let writing = true;
    const writer = (async () => {
      while (writing) await store.append({ stream: freshStream(), events: [event()], expected: 'no-stream' });
    })();
    expect(await copying).toEqual([path('copies/events.db'), path('copies/vault.db')]);
    writing = false;
    await writer;
    await Promise.all([store.close(), vault.close()]);
    expect(existsSync(path('copies/models.db'))).toBe(false);
    const copy = new DatabaseSync(path('copies/events.db'));
    expect(Object.values(copy.prepare('PRAGMA integrity_check').get() ?? {})).toEqual(['ok']);
    copy.close();
    const restored = openSqliteEventStore({ file: path('copies/events.db'), clock });
    expect((await collect(restored.readAll({}))).events.length).toBeGreaterThanOrEqual(4000);
    won(await restored.append({ stream: freshStream(), events: [event()], expected: 'no-stream' }));
    await restored.close();
    const copiedVault = openSqliteVault({ file: path('copies/vault.db') });
    expect(await copiedVault.get('s-1')).toEqual({ email: 'a@example.org' });
    await copiedVault.close();
  });
});
