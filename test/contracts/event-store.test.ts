import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { eventStoreContract } from './event-store.ts';

const clock = createSystemClock();

eventStoreContract(
  'memory',
  async () => {
    const store = createMemoryEventStore({ clock });
    return { store, close: () => store.close() };
  },
  { reopens: false },
);

eventStoreContract(
  'sqlite in memory',
  async () => {
    const store = openSqliteEventStore({ file: ':memory:', clock });
    return { store, close: () => store.close() };
  },
  { reopens: false },
);

eventStoreContract('sqlite', async () => {
  const folder = await temporaryFolder();
  const open = () => openSqliteEventStore({ file: folder.path('events.db'), clock });
  let store = open();
  const reopen = async () => {
    await store.close();
    store = open();
    return store;
  };
  const close = async () => {
    await store.close();
    await folder.remove();
  };
  return { store, reopen, close };
});
