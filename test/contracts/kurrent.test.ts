import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { openKurrentEventStore } from '../../src/adapters/kurrent/event-store.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { ownCases } from '../adapters/kurrent/own-cases.ts';
import { startingAt } from '../adapters/kurrent/starting-at.ts';
import { eventStoreContract } from './event-store.ts';

const url = process.env.CARILLON_KURRENTDB ?? '';
const clock = createSystemClock();

const contract = (name: string): void =>
  eventStoreContract(name, async () => {
    const open = () => openKurrentEventStore({ url, clock });
    let store = await open();
    const base = await store.head();
    const reopen = async () => {
      await store.close();
      store = await open();
      return startingAt(store, base);
    };
    return { store: startingAt(store, base), reopen, close: () => store.close() };
  });

/** Below these versions the client refuses the call before it sends anything. */
const calls = { appendRecords: '26.1', multiStreamAppend: '25.1' } as const;
type Call = keyof typeof calls;

/** The same server, spoken to as if it were too old for the calls. */
const without = (missing: readonly Call[], name: string): void => {
  describe(`without ${missing.join(' and ')}`, () => {
    beforeAll(async () => {
      const { KurrentDBClient, UnsupportedError } = await import('@kurrent/kurrentdb-client');
      for (const call of missing) {
        vi.spyOn(KurrentDBClient.prototype, call).mockImplementation(() => Promise.reject(new UnsupportedError(call, calls[call])));
      }
    });
    afterAll(() => {
      vi.restoreAllMocks();
    });
    contract(name);
  });
};

if (url === '') {
  const notice =
    'NOT RUN: the contract of the KurrentDB event store. Set CARILLON_KURRENTDB=kurrentdb://127.0.0.1:2113?tls=false to run it.';
  console.warn(notice);
  describe('event store: kurrentdb', () => {
    it.skip(notice, () => undefined);
  });
} else {
  contract('kurrentdb');
  describe('kurrentdb, beyond the contract', () => ownCases(url));
  without(['appendRecords'], 'kurrentdb by sessions');
  without(['appendRecords', 'multiStreamAppend'], 'kurrentdb by single appends');
}
