import type { CarillonError } from '../../core/errors.ts';
import type { AppendItem, AppendResult } from '../../ports/event-store.ts';
import type { Write } from './writer.ts';

/** Gathers appends that wait at the same time into batches. Appends to one stream go one after the other. */
export type Lanes = {
  /** In the order of `items`. Rejects when the fate of one of them is unknown. */
  submit(items: readonly AppendItem[]): Promise<readonly AppendResult[]>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
};

type Waiting = {
  readonly item: AppendItem;
  readonly key: string;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: CarillonError) => void;
};

/** Batches in flight, the items that are worth another one, and what one batch holds at most. */
const lanes = 3;
const worthALane = 128;
const maxEvents = 1000;

/** The server takes two streams in a batch for one when they differ in upper and lower case only. */
const keyOf = ({ stream }: AppendItem): string => stream.toLowerCase();

export const createLanes = (write: Write): Lanes => {
  let waiting: Waiting[] = [];
  const busy = new Set<string>();
  const idlers: (() => void)[] = [];
  let running = 0;
  let scheduled = false;

  /** The oldest of those whose stream is free; one that stays behind holds back the later ones of its stream. */
  const take = (): Waiting[] => {
    const taken: Waiting[] = [];
    const rest: Waiting[] = [];
    const blocked = new Set(busy);
    let events = 0;
    for (const [place, entry] of waiting.entries()) {
      // Enough looked at: thousands may wait for one stream.
      if (events >= maxEvents || rest.length >= maxEvents) {
        waiting = rest.concat(waiting.slice(place));
        return taken;
      }
      const fits = taken.length === 0 || events + entry.item.events.length <= maxEvents;
      const isFree = !blocked.has(entry.key);
      blocked.add(entry.key);
      if (!fits || !isFree) {
        rest.push(entry);
        continue;
      }
      taken.push(entry);
      events += entry.item.events.length;
    }
    waiting = rest;
    return taken;
  };
  const run = async (group: readonly Waiting[]): Promise<void> => {
    const outcomes = await write(group.map(({ item }) => item));
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[index]!;
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    }
  };
  const pump = (): void => {
    while (waiting.length > 0 && (running === 0 || (running < lanes && waiting.length >= worthALane))) {
      const group = take();
      if (group.length === 0) break;
      for (const { key } of group) busy.add(key);
      running++;
      void run(group).finally(() => {
        running--;
        for (const { key } of group) busy.delete(key);
        pump();
      });
    }
    if (running === 0 && waiting.length === 0) for (const done of idlers.splice(0)) done();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      pump();
    });
  };
  const enqueue = (item: AppendItem): Promise<AppendResult> =>
    new Promise((resolve, reject) => {
      waiting.push({ item, key: keyOf(item), resolve, reject });
    });

  return {
    async submit(items) {
      const results = items.map(enqueue);
      schedule();
      return Promise.all(results);
    },
    idle: () => (running === 0 && waiting.length === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
};
