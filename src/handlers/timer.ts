import { startEffect } from '../contexts/engine/effect/effect.ts';
import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import type { Due, Registry } from '../core/registry.ts';
import { idOf } from '../core/stream.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Observers } from '../ports/observers.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { type DuePlace, pageDueAnywhere } from '../projections/due-queries.ts';
import type { Partition } from './partition.ts';

export type TimerDeps = {
  readonly registry: Registry;
  readonly readModels: ReadModels;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observers: Observers;
  partition(key: string): Partition | undefined;
  /** An effect's next try, or the end of waiting for one, has come: it waits for a turn of its effect. */
  effectDue(stream: StreamName): void;
};

const beatMs = 1_000;
const pageSize = 500;
/** A ring that took long is followed by a pause of this many times as long. */
const restFactor = 4;

/** The one internal timer: sends the command of every engine actor whose instant has come, in the partitions that this process owns. */
export const runTimer = async (deps: TimerDeps, signal: AbortSignal): Promise<void> => {
  const timers = [...deps.registry.dues.values()].flat().filter((due) => due.name.startsWith('engine/'));
  const wake = async (timer: Due, stream: StreamName, owner: string): Promise<void> => {
    const partition = deps.partition(owner);
    if (partition === undefined) return;
    if (timer.name === startEffect.name) return deps.effectDue(stream);
    const wish = timer.transition.command(idOf(stream), deps.clock.now());
    await partition.command({ ...wish, id: deps.ids.next(), to: stream, correlationId: deps.ids.next() });
  };
  const ring = async (timer: Due): Promise<void> => {
    const upTo = deps.clock.now();
    for (let after: DuePlace | undefined; !signal.aborted; ) {
      const rows: readonly DuePlace[] = await pageDueAnywhere(deps.readModels, {
        name: timer.name,
        upTo,
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      });
      await Promise.all(rows.map((row) => wake(timer, row.stream, row.owner)));
      after = rows.at(-1);
      if (rows.length < pageSize) return;
    }
  };
  while (!signal.aborted) {
    const started = deps.clock.monotonic();
    for (const timer of deps.clock.trouble?.() ? [] : timers) {
      try {
        await ring(timer);
      } catch (error) {
        if (!signal.aborted) deps.observers.note({ kind: 'log', level: 'error', scope: 'timer', message: messageOf(error) });
      }
    }
    await deps.clock.sleep(Math.max(beatMs, restFactor * (deps.clock.monotonic() - started)), signal);
  }
};
