import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openKurrentEventStore } from '../../src/adapters/kurrent/event-store.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createSystemIds } from '../../src/adapters/system/ids.ts';
import type { StreamName } from '../../src/core/event.ts';
import { released } from '../publish/samples.ts';
import { startConsumer, totalsFile } from './child.ts';

const url = process.env.CARILLON_KURRENTDB ?? '';
if (url === '') console.warn('SKIPPED: CARILLON_KURRENTDB names no server, so examples/consumers/kurrentdb.ts was not run');

describe.skipIf(url === '')('examples/consumers/kurrentdb.ts', () => {
  it('reads what its store holds, and goes on from its own place after a crash', { timeout: 60_000 }, async () => {
    const store = await openKurrentEventStore({ url, clock: createSystemClock() });
    onTestFinished(() => store.close());
    const ids = createSystemIds();
    const name = ids.next();
    const append = async (nth: number, cents: string): Promise<void> => {
      const { type, metadata } = released;
      const data = { donor: 'd', recipient: name, cents, early: false, reason: null };
      const stream = `giving.escrow-${name}.${nth}` as StreamName;
      expect(await store.append({ stream, events: [{ id: ids.next(), type, data, metadata }], expected: 'no-stream' })).toMatchObject({
        ok: true,
      });
    };
    // The server may hold much of others: the place is set to the head of now.
    const file = totalsFile();
    const head = BigInt((await store.head()) ?? '0');
    const env = { CARILLON_KURRENTDB_URL: url };
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE place (one INTEGER PRIMARY KEY CHECK (one = 1), at TEXT NOT NULL) STRICT');
    db.prepare('INSERT INTO place VALUES (1, ?)').run(`${head}/${head}`);
    db.close();
    await append(1, '100');
    const first = startConsumer('kurrentdb', file, env);
    await first.said(`${name} has 100`);
    await append(2, '50');
    await first.said(`${name} has 150`);
    await first.stop();
    await append(3, '7');
    const second = startConsumer('kurrentdb', file, env);
    await second.said(`${name} has 157`);
    expect(second.lines.filter((line) => line.includes(name))).toHaveLength(1);
  });
});
