import type { ItemState } from '../contexts/engine/item/events.ts';
import type { Command } from '../core/command.ts';
import type { StreamName } from '../core/event.ts';
import { itemStream } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import { categoryOf } from '../core/stream.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Flags } from './flags.ts';

type ItemDeps = {
  readonly registry: Registry;
  readonly flags: Flags;
  readonly clock: Clock;
  readonly ids: Ids;
  send(command: Command): void;
};

/**
 * Reports items whose actor is not due any more: done by a replay, by a command or by a newer build, or erased. Nothing is left
 * to try or to park. `state` is null for an actor that is gone.
 */
export const createItems = ({ registry, flags, clock, ids, send }: ItemDeps) => {
  const settle = (stream: StreamName, state: Json | null): void => {
    const asOf = clock.now();
    for (const { name, transition } of registry.dues.get(categoryOf(stream)) ?? []) {
      if (flags.item(name, stream) === undefined) continue;
      const at = state === null ? null : transition.dueAt(state);
      if (at === null || at > asOf) send({ id: ids.next(), to: itemStream(name, stream), type: 'ReportRecovery', data: {}, asOf });
    }
  };
  return { settle, isOfJob: (item: ItemState): boolean => registry.jobs.has(item.job) };
};

export type Items = ReturnType<typeof createItems>;
