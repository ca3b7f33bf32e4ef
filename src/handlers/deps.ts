import type { Registry } from '../core/registry.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Commands } from '../ports/commands.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';
import type { ReadModels } from '../ports/read-models.ts';

/** What most parts of a handler process stand on. */
export type EngineParts = {
  readonly registry: Registry;
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly commands: Commands;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observers: Observers;
};
