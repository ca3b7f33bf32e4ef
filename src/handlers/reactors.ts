import { messageOf } from '../core/errors.ts';
import type { Position } from '../core/event.ts';
import { maxHops } from '../core/reactions.ts';
import type { Reactor } from '../core/reactor.ts';
import type { Registry } from '../core/registry.ts';
import { createDelivery, type DeliveryDeps } from './deliver.ts';

export type ReactorDeps = DeliveryDeps & {
  /**
   * The read models are gone or new: nobody knows what the reactors had done. They begin at the beginning; what was done
   * is answered as then, since the ids of their commands are computed.
   */
  readonly readModelsLost: boolean;
};

/** How far reactors are, for planning. */
export type ReactorProgress = {
  /** Resolves when everything that was in the log at the call, and what it led to, has been answered as far as it can reach `category`. */
  drained(category: string, signal: AbortSignal): Promise<void>;
};

const pageSize = 500;
const reopenAfterMs = 250;
/** The place before the first event of a log. */
const beforeAll = ''.padStart(16, '0') as Position;

const progressName = (reactor: Reactor): string => `reactor:${reactor.name}`;

/** Reactors that can reach a category, over any number of hops, and the longest way. */
export const reaching = (registry: Registry, category: string): { readonly reactors: readonly Reactor[]; readonly hops: number } => {
  const emitters = new Map<string, string>();
  for (const decider of registry.deciders.values()) for (const event of decider.events) emitters.set(event, decider.category);
  const found = new Set<Reactor>();
  let wanted = new Set([category]);
  let hops = 0;
  while (wanted.size > 0 && hops < maxHops) {
    const layer = registry.reactors.filter((reactor) => !found.has(reactor) && reactor.targets.some((target) => wanted.has(target)));
    if (layer.length === 0) break;
    for (const reactor of layer) found.add(reactor);
    wanted = new Set(layer.flatMap((reactor) => reactor.on.map((event) => emitters.get(event) ?? '')));
    hops += 1;
  }
  return { reactors: [...found], hops };
};

type Progress = { upTo: Position | null; readonly waiting: { readonly position: Position; done(): void }[] };

/** Runs the reactors: each follows the log from its own checkpoint, which passes an event only when all its commands were answered. */
export const createReactors = (deps: ReactorDeps, signal: AbortSignal) => {
  const { deliver, replay } = createDelivery(deps, signal);
  const begun = new Map(deps.registry.reactors.map((reactor) => [reactor.name, Promise.withResolvers<void>()]));
  const progress = new Map<string, Progress>(deps.registry.reactors.map((reactor) => [reactor.name, { upTo: null, waiting: [] }]));

  const reached = (reactor: Reactor, position: Position): void => {
    const state = progress.get(reactor.name)!;
    state.upTo = position;
    for (let index = state.waiting.length - 1; index >= 0; index--) {
      const waiter = state.waiting[index]!;
      if (waiter.position > position) continue;
      state.waiting.splice(index, 1);
      waiter.done();
    }
  };

  /** Where a reactor goes on. Where it began is recorded before anything else, also on an empty log: a crash must not move it. */
  const start = async (reactor: Reactor): Promise<Position | null> => {
    const name = progressName(reactor);
    const known = await deps.readModels.open({ name, version: 1, tables: [], apply: () => undefined }, 'live');
    if (known !== null || reactor.from === 'beginning') return known;
    const next = deps.readModelsLost ? beforeAll : ((await deps.store.head()) ?? beforeAll);
    await deps.readModels.commit({ projection: name, build: 'live', puts: [], removes: [], removeWheres: [], previous: null, next });
    return next;
  };

  const follow = async (reactor: Reactor): Promise<void> => {
    const name = progressName(reactor);
    let saved = await start(reactor);
    if (saved !== null) reached(reactor, saved);
    begun.get(reactor.name)?.resolve();
    for await (const page of deps.store.subscribe({ after: saved, types: reactor.on, pageSize }, signal)) {
      await deliver(reactor, page.events);
      if (signal.aborted) return;
      // Marks without events are only kept in memory: after a restart they are skipped over again.
      if (page.events.length > 0) {
        await deps.readModels.commit({
          projection: name,
          build: 'live',
          puts: [],
          removes: [],
          removeWheres: [],
          previous: saved,
          next: page.upTo,
        });
        saved = page.upTo;
      }
      reached(reactor, page.upTo);
    }
  };

  const keepFollowing = async (reactor: Reactor): Promise<void> => {
    while (!signal.aborted) {
      try {
        await follow(reactor);
      } catch (error) {
        if (signal.aborted) return;
        deps.observers.note({ kind: 'log', level: 'warn', scope: 'reactors', message: messageOf(error), facts: { reactor: reactor.name } });
      }
      await deps.clock.sleep(reopenAfterMs, signal);
    }
  };

  const passed = (reactor: Reactor, position: Position): Promise<void> => {
    const state = progress.get(reactor.name)!;
    if (state.upTo !== null && state.upTo >= position) return Promise.resolve();
    return new Promise((done) => state.waiting.push({ position, done }));
  };
  signal.addEventListener('abort', () => {
    for (const state of progress.values()) for (const waiter of state.waiting.splice(0)) waiter.done();
  });

  const loops = deps.registry.reactors.map(keepFollowing);
  signal.addEventListener('abort', () => {
    for (const { resolve } of begun.values()) resolve();
  });
  return {
    progress: {
      drained: async (category) => {
        const { reactors, hops } = reaching(deps.registry, category);
        for (let hop = 0; hop < hops; hop++) {
          const head = await deps.store.head();
          if (head === null || signal.aborted) return;
          await Promise.all(reactors.map((reactor) => passed(reactor, head)));
        }
      },
    } satisfies ReactorProgress,
    /** Tries a parked reaction again (`deliver.ts`). */
    replay,
    /** Resolves when each has its place in the log: what is appended afterwards is met by all of them. */
    begun: (): Promise<unknown> => Promise.all([...begun.values()].map(({ promise }) => promise)),
    stopped: (): Promise<unknown> => Promise.all(loops),
  };
};
