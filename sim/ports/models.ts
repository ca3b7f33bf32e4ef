import { CarillonError } from '../../src/core/errors.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import type { Life } from '../life.ts';
import { caller, type PortWorld } from './call.ts';

const away = (): Error => new CarillonError('store-unavailable', 'The read models did not answer');

/** The read models as one life of a process sees them; they stand on the same disk as the log. */
export const faultyReadModels = (ports: PortWorld, life: Life, inner: ReadModels): ReadModels => {
  const { fault } = ports;
  const call = caller(ports, life);
  const models = <T>(point: string, write: boolean, work: () => Promise<T>): Promise<T> =>
    call(`readModels.${point}`, { write, error: away, rate: 'readModelErrors' }, async () => {
      if (write && fault.is('full')) throw new CarillonError('store-full', 'The disk is full');
      return work();
    });
  return {
    open: (projection, build) => models('open', false, () => inner.open(projection, build)),
    commit: (commit) =>
      models('commit', true, async () => {
        try {
          await inner.commit(commit);
        } catch (error) {
          if (error instanceof CarillonError && error.code === 'projection-fenced') fault.count('fencedProjection');
          throw error;
        }
      }),
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
    // It rewrites the file, which is the adapter's own business and takes long.
    purge: () => models('purge', true, async () => undefined),
    close: async () => undefined,
  };
};
