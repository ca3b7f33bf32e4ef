import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { runDemo } from '../../src/demo.ts';
import { tempFolder, testConfig } from '../support/app.ts';
import { allEvents, brokenProjections } from '../support/audit.ts';
import { escrowFacts } from '../support/escrow-facts.ts';

it('without models.db the next start builds it again and nothing happens twice', { timeout: 60_000 }, async () => {
  const folder = tempFolder();
  const config = await testConfig(folder);
  const first = await createApp(config, { listen: false, facts: { name: 'escrows', lines: escrowFacts(100, Date.now()) } });
  await runDemo(first);
  const domain = async (app: typeof first) =>
    (await allEvents(app)).filter((event) => !event.stream.startsWith('engine.')).map((event) => event.id);
  const before = await domain(first);
  await first.close();
  for (const file of ['models.db', 'models.db-wal', 'models.db-shm']) rmSync(join(folder, file), { force: true });

  const second = await createApp(config, { listen: false });
  await runDemo(second);
  const head = (await second.service.store.head())!;
  await second.service.readModels.passed('due-index', head);
  await second.service.readModels.passed('reactor:giving/post-wallet', head);
  expect(await domain(second)).toEqual(before);
  expect(await brokenProjections(second)).toEqual([]);
  await second.close();
});
