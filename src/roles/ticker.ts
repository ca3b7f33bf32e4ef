import { isTransient, messageOf } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import type { Commands } from '../ports/commands.ts';
import { caughtUp } from '../projections/caught-up.ts';
import { dueIndexName } from '../projections/due-index.ts';
import { defineSchedules } from '../ticker/define.ts';
import { watchHealth } from '../ticker/health-watch.ts';
import { startTicker, type Ticker, type TickerDeps } from '../ticker/ticker.ts';

export type TickerRoleDeps = TickerDeps & {
  readonly commands: Commands;
  readonly build: number;
  /** Where schedules that are new begin; now when absent. */
  readonly activeFrom?: Instant;
  /** Slots are opened from when this is done. */
  readonly ready: Promise<void>;
};

const againMs = 1_000;

/** Defines the schedules of the code, ticks, and watches the health of the jobs. Any number of processes may do so. */
export const runTicker = async (deps: TickerRoleDeps): Promise<{ stop(): Promise<void> }> => {
  const stopping = new AbortController();
  const { signal } = stopping;
  // Those who answer may start later than this.
  const define = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        return await defineSchedules(deps, deps.activeFrom);
      } catch (error) {
        if (!isTransient(error)) throw error;
        deps.observers.note({ kind: 'log', level: 'warn', scope: 'ticker', message: `schedules are not defined yet: ${messageOf(error)}` });
        await deps.clock.sleep(againMs, signal);
      }
    }
  };
  await define();
  await caughtUp(deps, [dueIndexName], signal);

  const start = async (): Promise<Ticker | null> => {
    await Promise.race([deps.ready, new Promise<void>((done) => void signal.addEventListener('abort', () => done(), { once: true }))]);
    while (!signal.aborted) {
      try {
        return await startTicker(deps);
      } catch (error) {
        deps.observers.note({ kind: 'log', level: 'warn', scope: 'ticker', message: messageOf(error) });
        await deps.clock.sleep(againMs, signal);
      }
    }
    return null;
  };
  const ticking = start();
  const health = watchHealth(deps, signal);
  return {
    stop: async () => {
      stopping.abort();
      await (await ticking)?.stop();
      await health;
    },
  };
};
