import { expect, it } from 'vitest';
import { createOwnership } from '../../src/handlers/ownership.ts';
import type { Partition } from '../../src/handlers/partition.ts';
import type { Broker } from '../../src/ports/broker.ts';

const begin = () => {
  const consumed: string[] = [];
  const stopped: string[] = [];
  const gained: string[][] = [];
  const away = { broker: false, store: false };
  const broker = {
    consume: async (queue: string) => {
      if (away.broker && queue.endsWith('01')) throw new Error('the broker is away');
      consumed.push(queue);
      return { stop: async () => void stopped.push(queue) };
    },
  } as unknown as Broker;
  const ownership = createOwnership({
    broker,
    create: () => ({ stop: async () => undefined }) as Partition,
    handlerOf: () => async () => 'ack',
    moving: () => undefined,
    gained: async (keys) => {
      if (away.store) throw new Error('the store is away');
      gained.push([...keys].sort());
    },
  });
  return { ownership, consumed, stopped, gained, away };
};

it('partitions come and go; each is consumed and taken up once', async () => {
  const { ownership, consumed, stopped, gained } = begin();
  await ownership.set('giving', new Set([0, 1]));
  await ownership.set('giving', new Set([0, 1]));
  await ownership.set('giving', new Set([1, 2]));
  expect(consumed).toEqual(['carillon.giving.00', 'carillon.giving.01', 'carillon.giving.02']);
  expect(stopped).toEqual(['carillon.giving.00']);
  expect(gained).toEqual([['giving.00', 'giving.01'], ['giving.02']]);
  expect([ownership.get('giving.00'), ownership.get('giving.01')].map(Boolean)).toEqual([false, true]);
});

it('one whose queue could not be consumed is owned by nobody, and is taken when it is asked again', async () => {
  const { ownership, consumed, gained, away } = begin();
  away.broker = true;
  await expect(ownership.set('giving', new Set([0, 1]))).rejects.toThrow('broker is away');
  expect(ownership.get('giving.01')).toBeUndefined();
  away.broker = false;
  await ownership.set('giving', new Set([0, 1]));
  expect(consumed.sort()).toEqual(['carillon.giving.00', 'carillon.giving.01']);
  expect(gained).toEqual([['giving.00', 'giving.01']]);
});

it('what could not be taken up is taken up when it is asked again', async () => {
  const { ownership, gained, away } = begin();
  away.store = true;
  await expect(ownership.set('giving', new Set([0]))).rejects.toThrow('store is away');
  away.store = false;
  await ownership.set('giving', new Set([0]));
  await ownership.set('giving', new Set([0]));
  expect(gained).toEqual([['giving.00']]);
});
