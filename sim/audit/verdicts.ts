import type { ItemState } from '../../src/contexts/engine/item/events.ts';
import { commandRejected, type RecordedEvent, streamErased } from '../../src/core/event.ts';
import { itemStream } from '../../src/core/ids.ts';
import type { Instant } from '../../src/core/instant.ts';
import type { Json } from '../../src/core/json.ts';
import type { Registry } from '../../src/core/registry.ts';
import { categoryOf } from '../../src/core/stream.ts';
import type { Say } from './problem.ts';

type Actor = { state: Json; position: string };
type Opened = { readonly position: string; readonly at: Instant };

/** What the log says of the world at a point of it: actors with the place of their last event, items, open slots. */
const createFold = (registry: Registry) => {
  const actors = new Map<string, Map<string, Actor>>();
  const items = new Map<string, ItemState>();
  const opened = new Map<string, Opened>();

  const slots = (event: RecordedEvent): void => {
    // A pause in the middle of a run leaves the rest of it to a later slot.
    if (event.type === 'SchedulePaused')
      for (const slot of opened.keys()) if (event.stream.endsWith(`-${slot.slice(0, slot.indexOf('@'))}`)) opened.delete(slot);
    if (event.type !== 'SlotOpened') return;
    const { slot, at } = event.data as { slot: string; at: Instant };
    opened.set(slot, { position: event.position, at });
  };
  const item = (event: RecordedEvent, next: ItemState): void => {
    items.set(event.stream, next);
    // Replayed while the slot was open, or discarded: the next slot takes it.
    const of = actors.get(categoryOf(next.about as never))?.get(next.about);
    if (of !== undefined) of.position = event.position;
  };
  const actor = (event: RecordedEvent, category: string): void => {
    const decider = registry.deciders.get(category);
    if (decider === undefined) return;
    if (category === 'engine.item')
      return item(event, decider.evolve(items.get(event.stream) ?? decider.initial, event as never) as ItemState);
    if (category.startsWith('engine.')) return;
    const all = actors.get(category) ?? new Map<string, Actor>();
    actors.set(category, all);
    const state = decider.evolve(all.get(event.stream)?.state ?? decider.initial, event as never) as Json;
    all.set(event.stream, { state, position: event.position });
  };
  return {
    actors,
    items,
    opened,
    take: (event: RecordedEvent): void => {
      slots(event);
      if (event.type !== commandRejected && event.type !== streamErased) actor(event, categoryOf(event.stream));
    },
  };
};

/**
 * I16: after a slot's verdict nothing in its scope is due by that slot but what is parked or waiting. What was written
 * after the slot was opened is left out: it may carry an earlier time.
 */
export const checkVerdicts = (events: readonly RecordedEvent[], registry: Registry, say: Say): void => {
  const fold = createFold(registry);
  const closed = (slot: string): void => {
    const job = registry.jobs.get(slot.slice(0, slot.indexOf('@')));
    const open = fold.opened.get(slot);
    if (job === undefined || open === undefined || job.takesEffect !== 'at-due') return;
    for (const [stream, actor] of fold.actors.get(job.actor.category) ?? []) {
      const due = job.dueAt(actor.state);
      const item = fold.items.get(itemStream(job.name, stream));
      if (due === null || due > open.at || actor.position > open.position) continue;
      if (item?.status === 'parked' || item?.status === 'waiting') continue;
      say('I16', `${stream} is due since ${due} after the verdict on ${slot}`);
    }
  };
  for (const event of events) {
    fold.take(event);
    const { slot, verdict } = event.data as { slot: string; verdict?: string };
    if (event.type === 'SlotClosed' && verdict === 'completed') closed(slot);
  }
};
