import type { ItemState } from '../contexts/engine/item/events.ts';
import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import type { RecordedEvent, Revision, StreamName } from '../core/event.ts';
import { itemStream, scheduleKey, scheduleStream } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import type { Due } from '../core/registry.ts';
import { categoryOf } from '../core/stream.ts';

/** What an owner must know of the engine's actors before it settles: paused and disabled schedules, waiting and parked items. */
export type Flags = {
  /** Takes in the state of a schedule or an item, unless a newer one is known; other actors are ignored. */
  learn(stream: StreamName, state: Json, revision: Revision): void;
  /** The schedule of this key is paused or disabled. */
  stopped(key: string): boolean;
  /** Paused or disabled: settled by nothing but a manual slot. */
  held(due: Due, state: Json): boolean;
  item(job: string, about: string): ItemState | undefined;
  isParked(job: string, about: string): boolean;
  /** Items whose next try is ahead, or under way. */
  waiting(): readonly (readonly [StreamName, ItemState])[];
};

/** The categories that flags are made of. */
export const flagCategories = ['engine.schedule', 'engine.item'] as const;

export const createFlags = (build: number): Flags => {
  const held = new Set<string>();
  const items = new Map<StreamName, ItemState>();
  // Own appends are heard of at once, the log comes later: what is older than what is known says nothing.
  const revisions = new Map<string, Revision>();
  const item = (job: string, about: string): ItemState | undefined => (items.size === 0 ? undefined : items.get(itemStream(job, about)));
  return {
    learn: (stream, state, revision) => {
      const category = categoryOf(stream);
      if (category !== 'engine.schedule' && category !== 'engine.item') return;
      if ((revisions.get(stream) ?? -1) > revision) return;
      revisions.set(stream, revision);
      if (category === 'engine.schedule') {
        const schedule = state as ScheduleState;
        if (schedule.paused !== null || schedule.definition?.enabled === false) held.add(stream);
        else held.delete(stream);
      } else {
        const { status } = state as ItemState;
        if (status === 'waiting' || status === 'parked') items.set(stream, state as ItemState);
        else items.delete(stream);
      }
    },
    stopped: (key) => held.has(scheduleStream(key)),
    held: (due, state) => held.size > 0 && held.has(scheduleStream(scheduleKey(due.name, due.scopeOf?.(state)))),
    item,
    waiting: () => [...items].filter(([, { status }]) => status === 'waiting'),
    // Another build may have mended what was parked: it tries again.
    isParked: (job, about) => {
      const found = item(job, about);
      return found?.status === 'parked' && found.build >= build;
    },
  };
};

/** Told after each durable append, in the order of the stream. */
export type AppendedHook = (
  stream: StreamName,
  events: readonly Pick<RecordedEvent, 'type' | 'data' | 'id' | 'metadata' | 'revision'>[],
  state: Json,
) => void;
