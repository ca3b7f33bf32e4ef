import { Client } from 'pg';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { openPostgresEventStore, type PostgresEventStore } from '../../../src/adapters/postgres/event-store.ts';
import { openPostgresReadModels } from '../../../src/adapters/postgres/read-models.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import type { ReadModels } from '../../../src/ports/read-models.ts';
import { hasPostgres, type PrivatePostgres, startPostgres } from '../../support/postgres.ts';

export const clock = createSystemClock();

/** A suite with a private PostgreSQL, skipped where there is none. */
export const onPostgres = (name: string, suite: (server: () => PrivatePostgres) => void): void => {
  describe.runIf(hasPostgres)(name, () => {
    let server: PrivatePostgres;
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server?.stop());
    suite(() => server);
  });
};

/** A store that is closed with its test. */
export const openStore = async (url: string): Promise<PostgresEventStore> => {
  const store = await openPostgresEventStore({ url, clock });
  onTestFinished(() => store.close());
  return store;
};

/** Read models that are closed with their test. */
export const openModels = async (url: string): Promise<ReadModels> => {
  const models = await openPostgresReadModels({ url });
  onTestFinished(() => models.close());
  return models;
};

/** A connection of somebody else. */
export const connect = async (url: string): Promise<Client> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  return client;
};

/** Resolves when `look` says so; fails with `what` after ten seconds. */
export const until = async (what: string, look: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never seen: ${what}`);
};
