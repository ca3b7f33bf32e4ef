import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backupFolder } from '../../src/adapters/sqlite/backup.ts';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { openSqliteVault } from '../../src/adapters/sqlite/vault.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { StreamName } from '../../src/core/event.ts';
import { collect, collectUntil, event, freshStream, won } from '../contracts/event-store/harness.ts';
import { useFolder } from './support/folder.ts';

const clock = createSystemClock();
const { path, bytes, root } = useFolder();
const openEvents = () => openSqliteEventStore({ file: path('events.db'), clock });
const streams = 60;
const secretOf = (stream: number): string => `SECRET-${stream}-OF-A-PERSON.`;

/** Sizes from a few bytes to several pages: what SQLite keeps in a row, and beside it. */
const step = fc.record({
  stream: fc.nat(streams - 1),
  times: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 600 })),
  act: fc.constantFrom('write', 'write', 'write', 'truncate', 'erase'),
});
const seed = 20_261_124;

describe('erasure', () => {
  it('leaves no byte of an event in the files, whatever was written, cut and erased before', async () => {
    const store = openEvents();
    const name = (stream: number): StreamName => `giving.escrow-${stream}`;
    const erased = new Set<number>();
    for (const { stream, times, act } of fc.sample(step, { numRuns: 1500, seed })) {
      const { head } = await store.read(name(stream));
      if (act === 'write') {
        const expected = head === 'erased' ? 'no-stream' : head;
        await store.append({ stream: name(stream), events: [event('EscrowHeld', { text: secretOf(stream).repeat(times) })], expected });
      } else if (act === 'truncate' && typeof head === 'number') await store.truncate(name(stream), head);
      else if (act === 'erase' && stream % 2 === 0) {
        await store.erase(name(stream));
        erased.add(stream);
      }
    }
    const found = bytes('events.db');
    expect(erased.size).toBeGreaterThan(20);
    for (let stream = 0; stream < streams; stream++)
      expect([stream, found.includes(secretOf(stream))]).toEqual([stream, !erased.has(stream)]);
    await store.close();
  });

  it('leaves no byte of a subject in the files, whatever was put, scrubbed and erased before', async () => {
    const vault = openSqliteVault({ file: path('vault.db') });
    const gone = new Map<number, boolean>();
    for (const { stream, times, act } of fc.sample(step, { numRuns: 1500, seed })) {
      const subject = `subject-${stream}`;
      if (act === 'write') await vault.put(subject, { text: secretOf(stream).repeat(times) });
      else if (act === 'truncate') await vault.scrub(subject, ['text']);
      else await vault.erase(subject);
      gone.set(stream, act !== 'write');
    }
    const found = bytes('vault.db');
    for (const [stream, isGone] of gone) expect([stream, found.includes(secretOf(stream))]).toEqual([stream, !isGone]);
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
