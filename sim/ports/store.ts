import { CarillonError } from '../../src/core/errors.ts';
import type { EventStore, LogPage } from '../../src/ports/event-store.ts';
import type { Life } from '../life.ts';
import { caller, type PortWorld } from './call.ts';

const away = (what: string) => (): Error => new CarillonError('store-unavailable', `The event store did not answer ${what}`);

/** The event store as one life of a process sees it. */
export const faultyStore = (ports: PortWorld, life: Life, inner: EventStore): EventStore => {
  const { fault, world } = ports;
  const call = caller(ports, life);
  const store = <T>(point: string, write: boolean, work: () => Promise<T>): Promise<T> =>
    call(point, { write, error: away(point), rate: 'errorBefore' }, async () => {
      if (fault.is('store')) {
        fault.count('storeOutageHit');
        throw away(point)();
      }
      if (write && fault.is('full')) {
        fault.count('diskFullHit');
        throw new CarillonError('store-full', 'The disk is full');
      }
      return work();
    });
  const paged = async function* (pages: AsyncIterable<LogPage>, name: string): AsyncGenerator<LogPage, void, void> {
    for await (const page of pages) {
      await life.gate();
      if (fault.is('store') || fault.hit('cutSubscriptions', name)) throw away(name)();
      if (fault.hit('slow', name)) {
        await world.sleep(fault.delayMs('slow'));
        await life.gate();
      }
      yield page;
    }
    await life.gate();
  };
  return {
    append: (item) => store('store.append', true, () => inner.append(item)),
    appendMany: (items) =>
      store('store.appendMany', true, async () => {
        const results = await inner.appendMany(items);
        return fault.hit('appendTwice', 'store.appendMany') ? inner.appendMany(items) : results;
      }),
    read: (stream, range) => store('store.read', false, () => inner.read(stream, range)),
    readAll: (range) => paged(inner.readAll(range), 'store.readAll'),
    subscribe: (range, signal) => paged(inner.subscribe(range, AbortSignal.any([signal, life.signal])), 'store.subscribe'),
    truncate: (stream, before) => store('store.truncate', true, () => inner.truncate(stream, before)),
    erase: (stream) => store('store.erase', true, () => inner.erase(stream)),
    head: () => store('store.head', false, () => inner.head()),
    close: async () => undefined,
  };
};
