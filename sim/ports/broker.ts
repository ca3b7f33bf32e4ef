import { CarillonError } from '../../src/core/errors.ts';
import type { Broker } from '../../src/ports/broker.ts';
import type { SimBroker } from '../broker.ts';
import type { Life } from '../life.ts';
import { caller, type PortWorld } from './call.ts';

const away = (): Error => new CarillonError('broker-unavailable', 'The broker did not answer');

/** The broker as one life of a process sees it. */
export const faultyBroker = (ports: PortWorld, life: Life, inner: SimBroker): Broker => {
  const call = caller(ports, life);
  const broker = <T>(point: string, write: boolean, work: () => T): Promise<T> =>
    call(`broker.${point}`, { write, error: away, rate: 'errorBefore' }, async () => work());
  return {
    declare: (topology) => broker('declare', false, () => inner.declare(life, topology)),
    publish: (exchange, key, message, options) =>
      broker('publish', true, () => inner.publish(exchange, key, message, options?.urgent === true)),
    consume: (queue, options, handler) => broker('consume', false, () => inner.consume(life, queue, options.prefetch, handler)),
    depth: async (queue) => inner.depth(queue),
    close: async () => undefined,
  };
};
