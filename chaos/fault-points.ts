import { writeSync } from 'node:fs';
import type { EffectCall, EffectOutcome } from '../src/index.ts';
import type { Broker } from '../src/ports/broker.ts';
import type { EventStore, LogPage } from '../src/ports/event-store.ts';
import type { ReadModels } from '../src/ports/read-models.ts';
import type { Vault } from '../src/ports/vault.ts';
import type { Call } from './pay.ts';

export type Phase = 'before' | 'after';
/** Where to die: at the nth time that the point is reached. */
export type Fault = { readonly point: string; readonly phase: Phase; readonly nth: number };

export type Points = {
  /** How often each point was reached. */
  readonly reached: ReadonlyMap<string, number>;
  /** Does `work` between the two sides of a point. */
  around<T>(point: string, work: () => Promise<T>): Promise<T>;
  /** The same for pages that are read: before a page is handed on, and when its reader comes back for the next. */
  pages(point: string, inner: AsyncIterable<LogPage>): AsyncIterable<LogPage>;
};

/** Dies as a power switch would: nothing is flushed, no handler runs. */
const die = ({ point, phase, nth }: Fault): void => {
  writeSync(1, `killed ${phase} ${point} ${nth}\n`);
  process.kill(process.pid, 'SIGKILL');
};

/** Counts the points that a process reaches, and kills it at one of them. */
export const createPoints = (fault: Fault | null): Points => {
  const reached = new Map<string, number>();
  const passed = new Map<string, number>();
  const hit = (counts: Map<string, number>, point: string, phase: Phase): void => {
    const count = (counts.get(point) ?? 0) + 1;
    counts.set(point, count);
    if (fault !== null && fault.point === point && fault.phase === phase && fault.nth === count) die(fault);
  };
  return {
    reached,
    around: async (point, work) => {
      hit(reached, point, 'before');
      const result = await work();
      hit(passed, point, 'after');
      return result;
    },
    async *pages(point, inner) {
      for await (const page of inner) {
        hit(reached, point, 'before');
        yield page;
        hit(passed, point, 'after');
      }
    },
  };
};

export const pointedStore = ({ around, pages }: Points, inner: EventStore): EventStore => ({
  append: (item) => around('store.append', () => inner.append(item)),
  appendMany: (items) => around('store.appendMany', () => inner.appendMany(items)),
  read: (stream, range) => around('store.read', () => inner.read(stream, range)),
  readAll: (range) => pages('store.readAll', inner.readAll(range)),
  subscribe: (range, signal) => pages('store.subscribe', inner.subscribe(range, signal)),
  truncate: (stream, before) => around('store.truncate', () => inner.truncate(stream, before)),
  erase: (stream) => around('store.erase', () => inner.erase(stream)),
  head: () => around('store.head', () => inner.head()),
  close: () => around('store.close', () => inner.close()),
});

export const pointedReadModels = ({ around }: Points, inner: ReadModels): ReadModels => ({
  open: (projection, build) => around('models.open', () => inner.open(projection, build)),
  commit: (commit) => around('models.commit', () => inner.commit(commit)),
  get: (table, keys, build) => around('models.get', () => inner.get(table, keys, build)),
  list: (table, query) => around('models.list', () => inner.list(table, query)),
  count: (table, query) => around('models.count', () => inner.count(table, query)),
  checkpoint: (projection) => around('models.checkpoint', () => inner.checkpoint(projection)),
  passed: (projection, position, signal) => around('models.passed', () => inner.passed(projection, position, signal)),
  swap: (projection) => around('models.swap', () => inner.swap(projection)),
  hash: (projection, build) => around('models.hash', () => inner.hash(projection, build)),
  purge: () => around('models.purge', () => inner.purge()),
  close: () => around('models.close', () => inner.close()),
});

export const pointedVault = ({ around }: Points, inner: Vault): Vault => ({
  put: (subject, fields) => around('vault.put', () => inner.put(subject, fields)),
  get: (subject) => around('vault.get', () => inner.get(subject)),
  scrub: (subject, fields) => around('vault.scrub', () => inner.scrub(subject, fields)),
  erase: (subject) => around('vault.erase', () => inner.erase(subject)),
  close: () => around('vault.close', () => inner.close()),
});

/** `deliver` is the handler's work on one message: before it begins, and after it with the answer not yet given. */
export const pointedBroker = ({ around }: Points, inner: Broker): Broker => ({
  declare: (topology) => around('broker.declare', () => inner.declare(topology)),
  publish: (exchange, key, message, options) => around('broker.publish', () => inner.publish(exchange, key, message, options)),
  consume: async (queue, options, handler) => {
    const consumer = await around('broker.consume', () =>
      inner.consume(queue, options, (message, attempt) => around('broker.deliver', () => handler(message, attempt))),
    );
    return { stop: () => around('broker.stop', () => consumer.stop()) };
  },
  depth: (queue) => around('broker.depth', () => inner.depth(queue)),
  close: () => around('broker.close', () => inner.close()),
});

export const pointedCall =
  ({ around }: Points, inner: Call): Call =>
  (effect: string, call: EffectCall): Promise<EffectOutcome> =>
    around('effect.call', () => inner(effect, call));
