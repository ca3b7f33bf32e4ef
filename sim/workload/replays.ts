import type { Row } from '../../src/core/projection.ts';
import { createPrng } from '../prng.ts';
import type { Desk } from './deps.ts';

/** An effect is only sent again by a person who has asked the provider, and not while a call may still be under way. */
const replayAfterMs = 5 * 60_000;
const mostParked = 500;

/** Sends again whatever is parked and may be: items always; an effect after asking the provider whether it was done. */
export const createReplays = (desk: Desk, erased: (stream: string) => boolean) => {
  const { world, readModels, provider, bench, send, count } = desk;
  const prng = createPrng(desk.seed, 'replays');

  const item = async (row: Row): Promise<void> => {
    const [id, about] = [row.id as string, row.about as string];
    if (bench.forever.has(about.slice(about.indexOf('-') + 1))) return count('parkedForGood');
    // What was to be done to an erased actor is dropped; and now and then an operator lets the next slot try.
    const drop = erased(about) || (about.startsWith('house.lamp') && prng.chance(0.1));
    await send(`item ${id}`, id, drop ? 'DiscardItem' : 'ReplayItem', {}, { reason: drop ? 'not wanted' : 'mended', tries: 30 });
    count(drop ? 'discardedItem' : 'replayedItem');
  };
  const effect = async (row: Row): Promise<void> => {
    if (world.nowMs() - Date.parse(row.at as string) < replayAfterMs) return;
    const id = row.id as string;
    const done = provider.done.has(`${row.job as string} ${row.about as string}`);
    if (row.heldBy !== null) count('heldEffect');
    await send(`effect ${id}`, id, done ? 'DiscardEffect' : 'ReplayEffect', {}, { reason: 'asked the provider', tries: 30 });
    count(done ? 'discardedEffect' : 'replayedEffect');
  };
  return async (): Promise<void> => {
    const rows = await readModels.list('parked', { limit: mostParked }).catch(() => []);
    for (const row of rows) await (row.kind === 'item' ? item(row) : effect(row));
  };
};
