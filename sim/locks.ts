import type { Leadership } from '../src/ports/cluster.ts';
import type { Fault } from './fault.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

type Holder = { readonly life: Life; readonly lost: AbortController };
type Waiter = { readonly life: Life; readonly signal: AbortSignal; granted(lead: Leadership | null): void };
type Lock = { holder: Holder | null; waiting: Waiter[] };

/** How long a lock that became free stays unseen. */
const tryMs = 200;

/** Locks at the store: each is held by one connection, and free again when that is gone, whether its holder knows or not. */
export type Locks = ReturnType<typeof createLocks>;

export const createLocks = (world: World, fault: Fault) => {
  const locks = new Map<string, Lock>();
  const away = new Set<Life>();

  const grant = (lock: Lock): void => {
    if (lock.holder !== null || fault.is('store')) return;
    const index = lock.waiting.findIndex(({ life }) => !away.has(life));
    if (index < 0) return;
    const [{ life, signal, granted }] = lock.waiting.splice(index, 1) as [Waiter];
    if (life.dead() || signal.aborted) return grant(lock);
    const holder: Holder = { life, lost: new AbortController() };
    lock.holder = holder;
    fault.count('lead');
    const release = async (): Promise<void> => {
      if (lock.holder === holder) free(lock);
    };
    life.enter(() => granted({ lost: holder.lost.signal, release }));
  };
  const free = (lock: Lock): void => {
    lock.holder = null;
    world.after(tryMs, () => grant(lock));
  };
  /** Its holder hears of it when it can. */
  const lose = (lock: Lock): void => {
    const { life, lost } = lock.holder!;
    fault.count('leadLost');
    life.enter(() => lost.abort());
    free(lock);
  };
  const heldBy = (life: Life): Lock[] => [...locks.values()].filter(({ holder }) => holder?.life === life);

  return {
    lead: (life: Life, name: string, signal: AbortSignal): Promise<Leadership | null> =>
      new Promise((resolve) => {
        const lock = locks.get(name) ?? { holder: null, waiting: [] };
        locks.set(name, lock);
        if (signal.aborted) return resolve(null);
        lock.waiting.push({ life, signal, granted: resolve });
        signal.addEventListener('abort', () => resolve(null), { once: true });
        world.after(1, () => grant(lock));
      }),
    /** A process is gone, and its connection with it. */
    drop: (life: Life): void => {
      away.delete(life);
      for (const lock of locks.values()) lock.waiting = lock.waiting.filter((each) => each.life !== life);
      for (const lock of heldBy(life)) free(lock);
    },
    cutOff: (life: Life): void => {
      away.add(life);
      for (const lock of heldBy(life)) lose(lock);
    },
    reconnect: (life: Life): void => {
      away.delete(life);
      for (const lock of locks.values()) grant(lock);
    },
    /** The store went away for a time: all connections are gone. */
    cutAll: (untilMs: number): void => {
      for (const lock of locks.values()) if (lock.holder !== null) lose(lock);
      world.at(untilMs + tryMs, () => {
        for (const lock of locks.values()) grant(lock);
      });
    },
  };
};
