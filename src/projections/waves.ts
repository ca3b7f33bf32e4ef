import type { StreamName } from '../core/event.ts';
import { jobOfKey } from '../core/ids.ts';
import type { Row } from '../core/projection.ts';
import type { Registry } from '../core/registry.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { duesOfState, storedDues } from './due-index.ts';
import { type ActorRow, listActors } from './due-queries.ts';

/** Actors of a category that become due in the past at once, under one schedule. */
export type Wave = { readonly key: string; readonly newlyDue: number; readonly population: number };

type WaveDeps = {
  readonly registry: Registry;
  readonly readModels: ReadModels;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
};
type DueAt = { readonly name: string; readonly at: string };

const pageSize = 1_000;
/** More than this share of a category newly due is held until a person has seen it (design section 6). */
const heldShare = 0.2;

/** Which schedules would come over a large part of their category: looked at before anything is changed. */
export const wavesOf = async ({ registry, readModels, clock, signal }: WaveDeps, category: string): Promise<Wave[]> => {
  const now = clock.now();
  const newlyDue = new Map<string, number>();
  let population = 0;
  for (let after: string | undefined; !signal?.aborted; ) {
    const page = await listActors(readModels, category, { limit: pageSize, ...(after === undefined ? {} : { after }) });
    population += page.length;
    for (const actor of page) {
      const before = new Map((storedDues(actor as unknown as Row) as unknown as readonly DueAt[]).map((due) => [due.name, due.at]));
      for (const { name, at } of duesNow(registry, actor))
        if (at <= now && !((before.get(name) ?? '9') <= now)) newlyDue.set(name, (newlyDue.get(name) ?? 0) + 1);
    }
    after = page.at(-1)?.stream;
    if (page.length < pageSize) break;
  }
  return [...newlyDue]
    .filter(([name, count]) => registry.scheduled.has(jobOfKey(name)) && count > population * heldShare)
    .map(([key, count]) => ({ key, newlyDue: count, population }));
};

/** What is due of an actor by today's code; nothing when that throws, which the change itself tells. */
const duesNow = (registry: Registry, actor: ActorRow): readonly DueAt[] => {
  try {
    return duesOfState(registry, actor.stream as StreamName, actor.owner, actor.state) as unknown as readonly DueAt[];
  } catch {
    return [];
  }
};
