import { CarillonError } from '../src/core/errors.ts';
import type { Broker } from '../src/ports/broker.ts';
import type { EventStore, LogPage } from '../src/ports/event-store.ts';
import type { ReadModels } from '../src/ports/read-models.ts';
import type { SimBroker } from './broker.ts';
import type { Life } from './life.ts';
import { createPrng, type Prng } from './prng.ts';
import type { FaultKind, Swarm } from './swarm.ts';
import type { World } from './world.ts';

export type Counters = Map<string, number>;

/** Draws faults, one stream of chances per kind, and counts those that happened. */
export type Fault = {
  readonly swarm: Swarm;
  readonly counters: Counters;
  hit(kind: FaultKind, point: string): boolean;
  delayMs(kind: 'slow' | 'duplicate' | 'reorder' | 'delay'): number;
  storeDown(): boolean;
  brokerDown(): boolean;
  downUntil(what: 'store' | 'broker', ms: number): void;
  count(what: string): void;
  prng(kind: string): Prng;
  /** The liveness phase: nothing goes wrong any more. */
  off(): void;
};

export const createFault = (seed: number, swarm: Swarm, world: World, trace: (who: string, text: string) => void): Fault => {
  const streams = new Map<string, Prng>();
  const counters: Counters = new Map();
  const down = { store: 0, broker: 0 };
  let on = true;
  const prng = (kind: string): Prng => {
    const known = streams.get(kind) ?? createPrng(seed, `fault ${kind}`);
    streams.set(kind, known);
    return known;
  };
  const count = (what: string): void => void counters.set(what, (counters.get(what) ?? 0) + 1);
  return {
    swarm,
    counters,
    prng,
    count,
    hit: (kind, point) => {
      const strength = swarm[kind];
      if (!on || typeof strength !== 'number' || strength <= 0 || !prng(kind).chance(strength)) return false;
      count(kind);
      trace('fault', `${kind} at ${point}`);
      return true;
    },
    delayMs: (kind) => Math.ceil(prng(`${kind} ms`).next() ** 2 * (kind === 'slow' ? swarm.slowMs : swarm.delayMs)),
    storeDown: () => world.nowMs() < down.store,
    brokerDown: () => world.nowMs() < down.broker,
    downUntil: (what, ms) => {
      down[what] = ms;
    },
    off: () => {
      on = false;
      down.store = 0;
      down.broker = 0;
    },
  };
};

const forever = (): Promise<never> => new Promise(() => undefined);

export type PortWorld = {
  readonly world: World;
  readonly fault: Fault;
  crash(life: Life, why: string): void;
  problem(invariant: string, text: string): void;
};
/** More calls than this without time moving is a livelock. */
const mostCalls = 50_000;
type Options = {
  /** Changes something: its reply can be lost. */ readonly write?: boolean;
  readonly error: () => Error;
  readonly rate: FaultKind;
};

const storeError = (what: string) => () => new CarillonError('store-unavailable', `The event store did not answer ${what}`);

/** One port call of a process, with its fate: error before, crash before, effect then crash, effect then lost reply, slow; or none. */
const caller =
  ({ world, fault, crash, problem }: PortWorld, life: Life) =>
  async <T>(point: string, { write = false, error, rate }: Options, work: () => Promise<T>): Promise<T> => {
    if (life.dead()) return forever();
    if (++world.spin.count > mostCalls) {
      problem('I10', `livelock: ${mostCalls} port calls at one instant, the last ${point}`);
      life.kill();
      return forever();
    }
    if (write && fault.hit('crashBefore', point)) {
      crash(life, `before ${point}`);
      return forever();
    }
    if (fault.hit(rate, point)) {
      await life.gate();
      throw error();
    }
    const late = fault.hit('slow', point) ? fault.delayMs('slow') : 0;
    if (late > 0) {
      await world.sleep(late / 2);
      // A request that is on its way reaches a store of its own; one inside the process dies with it.
      if (life.dead() && (fault.swarm.embedded || !write)) return forever();
      if (life.dead()) fault.count('zombieWrite');
    }
    world.busy.count++;
    let result: T;
    try {
      result = await work();
    } finally {
      world.busy.count--;
    }
    if (write && fault.hit('effectThenCrash', point)) {
      crash(life, `after ${point}`);
      return forever();
    }
    if (late > 0) await world.sleep(late / 2);
    await life.gate();
    if (write && fault.hit('lostReply', point)) throw error();
    return result;
  };

export const faultyStore = (ports: PortWorld, life: Life, inner: EventStore): EventStore => {
  const { fault } = ports;
  const call = caller(ports, life);
  const store = <T>(point: string, write: boolean, work: () => Promise<T>): Promise<T> =>
    call(point, { write, error: storeError(point), rate: 'errorBefore' }, async () => {
      if (fault.storeDown()) {
        fault.count('storeOutageHit');
        throw storeError(point)();
      }
      return work();
    });
  const paged = async function* (pages: AsyncIterable<LogPage>, name: string): AsyncGenerator<LogPage, void, void> {
    for await (const page of pages) {
      await life.gate();
      if (fault.storeDown() || fault.hit('cutSubscriptions', name)) throw storeError(name)();
      if (fault.hit('slow', name)) {
        await ports.world.sleep(fault.delayMs('slow'));
        await life.gate();
      }
      yield page;
    }
    await life.gate();
  };
  return {
    append: (item) => store('store.append', true, () => inner.append(item)),
    appendMany: (items) => store('store.appendMany', true, () => inner.appendMany(items)),
    read: (stream, range) => store('store.read', false, () => inner.read(stream, range)),
    readAll: (range) => paged(inner.readAll(range), 'store.readAll'),
    subscribe: (range, signal) => paged(inner.subscribe(range, AbortSignal.any([signal, life.signal])), 'store.subscribe'),
    truncate: (stream, before) => store('store.truncate', true, () => inner.truncate(stream, before)),
    erase: (stream) => store('store.erase', true, () => inner.erase(stream)),
    head: () => store('store.head', false, () => inner.head()),
    close: async () => undefined,
  };
};

export const faultyReadModels = (ports: PortWorld, life: Life, inner: ReadModels): ReadModels => {
  const call = caller(ports, life);
  const error = (): Error => new CarillonError('store-unavailable', 'The read models did not answer');
  const models = <T>(point: string, write: boolean, work: () => Promise<T>): Promise<T> =>
    call(`readModels.${point}`, { write, error, rate: 'readModelErrors' }, work);
  return {
    open: (projection, build) => models('open', false, () => inner.open(projection, build)),
    commit: (commit) => models('commit', true, () => inner.commit(commit)),
    get: (table, keys, build) => models('get', false, () => inner.get(table, keys, build)),
    list: (table, query) => models('list', false, () => inner.list(table, query)),
    count: (table, query) => models('count', false, () => inner.count(table, query)),
    checkpoint: (projection) => models('checkpoint', false, () => inner.checkpoint(projection)),
    passed: async (projection, position, signal) => {
      await inner.passed(projection, position, signal === undefined ? life.signal : AbortSignal.any([signal, life.signal]));
      await life.gate();
    },
    swap: (projection) => models('swap', true, () => inner.swap(projection)),
    hash: (projection, build) => models('hash', false, () => inner.hash(projection, build)),
    purge: () => inner.purge(),
    close: async () => undefined,
  };
};

export const faultyBroker = (ports: PortWorld, life: Life, inner: SimBroker): Broker => {
  const call = caller(ports, life);
  const error = (): Error => new CarillonError('broker-unavailable', 'The broker did not answer');
  const broker = <T>(point: string, write: boolean, work: () => T): Promise<T> =>
    call(`broker.${point}`, { write, error, rate: 'errorBefore' }, async () => work());
  return {
    declare: (topology) => broker('declare', false, () => inner.declare(life, topology)),
    publish: (exchange, key, message, options) =>
      broker('publish', true, () => inner.publish(exchange, key, message, options?.urgent === true)),
    consume: (queue, options, handler) => broker('consume', false, () => inner.consume(life, queue, options.prefetch, handler)),
    depth: async (queue) => inner.depth(queue),
    close: async () => undefined,
  };
};
