// Appends to the real store and vault, and says what was acknowledged, each with a write(2) of its own: under strace the order
// of these lines and of the writes and syncs of the files is the order in which they happened.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { createPrng } from '../../sim/prng.ts';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { openSqliteVault } from '../../src/adapters/sqlite/vault.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { StreamName } from '../../src/core/event.ts';

const [folder = '', roundsText = '0', seed = '1'] = process.argv.slice(2);
const rounds = Number(roundsText);
const draw = createPrng(Number(seed), 'appender');
const clock = createSystemClock();
const store = openSqliteEventStore({ file: join(folder, 'events.db'), clock });
const vault = openSqliteVault({ file: join(folder, 'vault.db') });
const say = (line: string): void => void writeSync(1, `${line}\n`);

/** In the last third streams are erased, which empties the WAL; before it the WAL grows until a commit copies it back. */
const erasesFrom = Math.floor((rounds * 2) / 3);
const revisions = new Map<StreamName, number>();
let last = 0;

const append = async (stream: StreamName): Promise<void> => {
  const revision = revisions.get(stream);
  const events = Array.from({ length: draw.int(1, 4) }, () => ({
    id: `e${last++}`,
    type: 'Happened',
    data: { text: 'x'.repeat(draw.int(10, 2_500)) },
    metadata: { correlationId: '', causationId: '', asOf: clock.now(), rule: 'happened', schema: '1' },
  }));
  const result = await store.append({ stream, events, expected: revision ?? 'no-stream' });
  if (!result.ok) throw new Error(`${stream} was at ${result.actual}, not at ${revision}`);
  revisions.set(stream, result.revision);
  for (const { id } of events) say(`stored ${stream} ${id}`);
};

for (let round = 0; round < rounds; round++) {
  const streams = new Set(
    Array.from({ length: draw.int(1, 6) }, () => `power.cut-${draw.int(0, 60)}-${Math.floor(round / 50)}` as StreamName),
  );
  await Promise.all([...streams].map(append));
  if (round % 10 === 0) {
    await vault.put(`s${round % 50}`, { round });
    say(`put s${round % 50} ${round}`);
  }
  if (round < erasesFrom || round % 12 !== 0) continue;
  const [stream] = [...revisions.keys()];
  if (stream === undefined) continue;
  revisions.delete(stream);
  say(`erasing ${stream}`);
  await store.erase(stream);
  say(`erased ${stream}`);
}
await vault.close();
await store.close();
