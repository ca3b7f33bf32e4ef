import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import type { Registry } from '../core/registry.ts';
import { idOf } from '../core/stream.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Observers } from '../ports/observers.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { pageDueAnywhere } from '../projections/due-queries.ts';
import type { Partition } from './partition.ts';

export type TimerDeps = {
  readonly registry: Registry;
  readonly readModels: ReadModels;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observers: Observers;
  partition(key: string): Partition | undefined;
};

const beatMs = 1_000;
const pageSize = 200;

/** The one internal timer: sends the command of every engine actor whose instant has come, in the partitions that this process owns. */
export const runTimer = async (deps: TimerDeps, signal: AbortSignal): Promise<void> => {
  const timers = [...deps.registry.dues.values()].flat().filter((due) => due.name.startsWith('engine/'));
  const ring = async (): Promise<void> => {
    for (const timer of timers) {
      const rows = await pageDueAnywhere(deps.readModels, { name: timer.name, upTo: deps.clock.now(), limit: pageSize });
      await Promise.all(
        rows.map((row) => {
          const stream = row.stream as StreamName;
          const wish = timer.transition.command(idOf(stream), deps.clock.now());
          return deps.partition(row.owner)?.command({ ...wish, id: deps.ids.next(), to: stream, correlationId: deps.ids.next() });
        }),
      );
    }
  };
  while (!signal.aborted) {
    try {
      await ring();
    } catch (error) {
      if (!signal.aborted) deps.observers.note({ kind: 'log', level: 'error', scope: 'timer', message: messageOf(error) });
    }
    await deps.clock.sleep(beatMs, signal);
  }
};
