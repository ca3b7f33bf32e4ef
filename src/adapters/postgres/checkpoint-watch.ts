import { setTimeout as wait } from 'node:timers/promises';
import type { Position } from '../../core/event.ts';
import { createWaiters, type Waiters } from '../sqlite/read-models-waiters.ts';
import type { Database } from './database.ts';

/** How long another process's commit may stay unseen, and the pause after a look that failed. */
const lookMs = 10;
const failedMs = 250;

/** Whoever waits for a projection to reach a position; also when another process moves it. */
export const createCheckpointWatch = (database: Database): Waiters => {
  const waiters = createWaiters();
  const waiting = new Map<string, number>();
  let looking = false;

  const count = (projection: string, change: number): void => {
    const left = (waiting.get(projection) ?? 0) + change;
    if (left === 0) waiting.delete(projection);
    else waiting.set(projection, left);
  };
  const look = async (): Promise<number> => {
    try {
      const rows = await database.tuples<[projection: string, checkpoint: Position]>(
        `SELECT projection, checkpoint FROM carillon.builds WHERE build = 'live' AND checkpoint IS NOT NULL AND projection = ANY($1::text[])`,
        [[...waiting.keys()]],
      );
      for (const [projection, checkpoint] of rows) waiters.reached(projection, checkpoint);
      return lookMs;
    } catch {
      // The server is away. Whoever waits has a signal for how long.
      return failedMs;
    }
  };
  const start = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    while (waiting.size > 0 && database.isOpen) await wait(await look());
    looking = false;
  };

  return {
    reached: waiters.reached,
    close: waiters.close,
    async wait(projection, position, signal) {
      count(projection, 1);
      void start();
      try {
        await waiters.wait(projection, position, signal);
      } finally {
        count(projection, -1);
      }
    },
  };
};
