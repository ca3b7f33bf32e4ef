import { afterAll, beforeAll, describe } from 'vitest';
import { openPostgresEventStore } from '../../src/adapters/postgres/event-store.ts';
import { openPostgresReadModels } from '../../src/adapters/postgres/read-models.ts';
import { openPostgresVault } from '../../src/adapters/postgres/vault.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { hasPostgres, type PrivatePostgres, startPostgres } from '../support/postgres.ts';
import { eventStoreContract } from './event-store.ts';
import { readModelsContract } from './read-models.ts';
import { vaultContract } from './vault.ts';

const clock = createSystemClock();

describe.runIf(hasPostgres)('on a private PostgreSQL', () => {
  let server: PrivatePostgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.stop());

  eventStoreContract('postgres', async () => {
    const url = await server.createDatabase();
    let store = await openPostgresEventStore({ url, clock });
    const reopen = async () => {
      await store.close();
      store = await openPostgresEventStore({ url, clock });
      return store;
    };
    return { store, reopen, close: () => store.close() };
  });

  readModelsContract('postgres', async () => {
    const url = await server.createDatabase();
    let readModels = await openPostgresReadModels({ url });
    const reopen = async () => {
      await readModels.close();
      readModels = await openPostgresReadModels({ url });
      return readModels;
    };
    return { readModels, reopen, close: () => readModels.close() };
  });

  vaultContract('postgres', async () => {
    const url = await server.createDatabase();
    let vault = await openPostgresVault({ url });
    const reopen = async () => {
      await vault.close();
      vault = await openPostgresVault({ url });
      return vault;
    };
    return { vault, reopen, close: () => vault.close() };
  });
});
