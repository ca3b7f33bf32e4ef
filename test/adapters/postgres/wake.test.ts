import { expect, it, onTestFinished } from 'vitest';
import { createDatabase } from '../../../src/adapters/postgres/database.ts';
import { createWake, type Wake } from '../../../src/adapters/postgres/wake.ts';
import { connect, onPostgres, until } from './support.ts';

onPostgres('waking other processes', (server) => {
  const open = (url: string): { readonly wake: Wake; readonly heard: () => number } => {
    const database = createDatabase({ url, connections: 1 });
    let heard = 0;
    const wake = createWake(database, 'something_new', () => heard++);
    onTestFinished(async () => {
      await wake.close();
      await database.close();
    });
    return { wake, heard: () => heard };
  };
  /** Tells until the other one hears: both listen only once they are connected. */
  const tellUntilHeard = (from: Wake, heard: () => number): Promise<void> => {
    const before = heard();
    return until('a wake', async () => {
      from.tell();
      return heard() > before;
    });
  };

  it('the others hear it, oneself does not, and many tellings at once are few', async () => {
    const url = await server().createDatabase();
    const [teller, other] = [open(url), open(url)];
    await tellUntilHeard(teller.wake, other.heard);
    const before = other.heard();
    for (let n = 0; n < 1_000; n++) teller.wake.tell();
    await until('the burst', async () => other.heard() > before);
    // Notifications come in order: when this one is there, those of the burst are, too.
    const somebody = await connect(url);
    await somebody.query('NOTIFY something_new');
    await until('what came after the burst', async () => teller.heard() > 0);
    expect(other.heard() - before).toBeLessThan(10);
    expect(teller.heard()).toBe(1);
  });

  it('goes on after its connection was lost', async () => {
    const url = await server().createDatabase();
    const [teller, other] = [open(url), open(url)];
    await tellUntilHeard(teller.wake, other.heard);
    const admin = await connect(url);
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'carillon'`,
    );
    await tellUntilHeard(teller.wake, other.heard);
  });
});
