import { isCarillonError, messageOf } from '../core/errors.ts';
import type { Position } from '../core/event.ts';
import { maxHops } from '../core/reactions.ts';
import type { Reactor } from '../core/reactor.ts';
import type { Registry } from '../core/registry.ts';
import type { Cluster } from '../ports/cluster.ts';
import { createDelivery, type DeliveryDeps } from './deliver.ts';

export type ReactorDeps = DeliveryDeps & {
  readonly cluster: Cluster;
  /** The contexts whose reactors may run in this process. */
  readonly contexts: readonly string[];
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

/** How far the reactors of this process are. */
const createMarks = (reactors: readonly Reactor[], signal: AbortSignal) => {
  const marks = new Map<string, Progress>(reactors.map((reactor) => [reactor.name, { upTo: null, waiting: [] }]));
  signal.addEventListener('abort', () => {
    for (const mark of marks.values()) for (const waiter of mark.waiting.splice(0)) waiter.done();
  });
  return {
    reached: (reactor: Reactor, position: Position): void => {
      const mark = marks.get(reactor.name)!;
      mark.upTo = position;
      for (let index = mark.waiting.length - 1; index >= 0; index--)
        if (mark.waiting[index]!.position <= position) mark.waiting.splice(index, 1)[0]!.done();
    },
    passed: (reactor: Reactor, position: Position): Promise<void> => {
      const mark = marks.get(reactor.name)!;
      if (signal.aborted || (mark.upTo !== null && mark.upTo >= position)) return Promise.resolve();
      return new Promise((done) => void mark.waiting.push({ position, done }));
    },
  };
};

/** How far reactors are that may run in another process: their places in the shared read models tell. */
export const remoteProgress = (deps: Pick<ReactorDeps, 'store' | 'readModels' | 'registry'>): ReactorProgress =>
  progressWith(deps, (reactor, position, signal) => deps.readModels.passed(progressName(reactor), position, signal));

const progressWith = (
  deps: Pick<ReactorDeps, 'store' | 'registry'>,
  passed: (reactor: Reactor, position: Position, signal: AbortSignal) => Promise<void>,
): ReactorProgress => ({
  drained: async (category, signal) => {
    const { reactors, hops } = reaching(deps.registry, category);
    for (let hop = 0; hop < hops; hop++) {
      const head = await deps.store.head();
      if (head === null || signal.aborted) return;
      await Promise.all(reactors.map((reactor) => passed(reactor, head, signal)));
    }
  },
});

/**
 * Runs the reactors of this process's contexts, each in one process at a time: it follows the log from its own checkpoint, which
 * passes an event only when all its commands were answered.
 */
export const createReactors = (deps: ReactorDeps, signal: AbortSignal) => {
  const { deliver, replay } = createDelivery(deps, signal);
  const own = deps.registry.reactors.filter(({ name }) => deps.contexts.includes(name.slice(0, name.indexOf('/'))));
  const marks = createMarks(own, signal);

  const place = (name: string, previous: Position | null, next: Position): Promise<void> =>
    deps.readModels.commit({ projection: name, build: 'live', puts: [], removes: [], removeWheres: [], previous, next });

  /** Where a reactor goes on. Where it began is recorded before anything else, also on an empty log: a crash must not move it. */
  const start = async (reactor: Reactor): Promise<Position | null> => {
    const name = progressName(reactor);
    const known = await deps.readModels.open({ name, version: 1, tables: [], apply: () => undefined }, 'live');
    if (known !== null || reactor.from === 'beginning') return known;
    const next = deps.readModelsLost ? beforeAll : ((await deps.store.head()) ?? beforeAll);
    try {
      await place(name, null, next);
      return next;
    } catch (error) {
      // Another process was first.
      if (!isCarillonError(error, 'projection-fenced')) throw error;
      return deps.readModels.checkpoint(name);
    }
  };

  const follow = async (reactor: Reactor, lost: AbortSignal): Promise<void> => {
    const name = progressName(reactor);
    let saved = await start(reactor);
    if (saved !== null) marks.reached(reactor, saved);
    const led = AbortSignal.any([signal, lost]);
    for await (const page of deps.store.subscribe({ after: saved, types: reactor.on, pageSize }, led)) {
      await deliver(reactor, page.events);
      if (led.aborted) return;
      // Alone, marks without events are only kept in memory: after a restart they are skipped over again. Others wait for them.
      if (page.events.length > 0 || deps.cluster.shared) {
        await place(name, saved, page.upTo);
        saved = page.upTo;
      }
      marks.reached(reactor, page.upTo);
    }
  };

  const keepFollowing = async (reactor: Reactor): Promise<void> => {
    while (!signal.aborted) {
      const lead = await deps.cluster.lead(progressName(reactor), signal);
      if (lead === null) return;
      try {
        await follow(reactor, lead.lost);
      } catch (error) {
        if (!signal.aborted)
          deps.observers.note({
            kind: 'log',
            level: 'warn',
            scope: 'reactors',
            message: messageOf(error),
            facts: { reactor: reactor.name },
          });
      } finally {
        await lead.release();
      }
      await deps.clock.sleep(reopenAfterMs, signal);
    }
  };

  /** Each has its place in the log: what is appended afterwards is met by all of them. */
  const begin = async (reactor: Reactor): Promise<void> => {
    while (!signal.aborted) {
      try {
        const saved = await start(reactor);
        if (saved !== null) marks.reached(reactor, saved);
        return;
      } catch (error) {
        deps.observers.note({ kind: 'log', level: 'warn', scope: 'reactors', message: messageOf(error), facts: { reactor: reactor.name } });
        await deps.clock.sleep(reopenAfterMs, signal);
      }
    }
  };
  const begun = Promise.all(own.map(begin));
  const loops = begun.then(() => Promise.all(own.map(keepFollowing)));

  return {
    progress: deps.cluster.shared ? remoteProgress(deps) : progressWith(deps, marks.passed),
    /** Tries a parked reaction again (`deliver.ts`). */
    replay,
    begun: (): Promise<unknown> => begun,
    stopped: (): Promise<unknown> => loops,
  };
};
