import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { caughtUp } from '../../src/projections/caught-up.ts';
import { listParked } from '../../src/projections/parked.ts';
import { tempFolder, testConfig } from '../support/app.ts';
import { allEvents, brokenStreams } from '../support/audit.ts';
import { lampContext, newBench } from '../support/lamp.ts';

const live = (folder: string, first: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../support/killer-child.ts'), folder, first], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal === 'SIGKILL' ? 'killed' : `${code} ${output}`));
  });

it('an actor that ends its process is parked after its tries; its neighbours are settled once', { timeout: 60_000 }, async () => {
  const folder = tempFolder();
  const lives = [await live(folder, 'first')];
  while (lives.at(-1) === 'killed' && lives.length < 10) lives.push(await live(folder, ''));
  expect(lives.at(-1)).toContain('finished');
  // A life that gets on with others is followed by one that is not careful: at most twice as many as tries.
  expect(lives.filter((each) => each === 'killed').length).toBeLessThanOrEqual(4);

  const app = await createApp(await testConfig(folder, [lampContext(newBench())]), { listen: false, ticker: false });
  const events = await allEvents(app);
  expect(brokenStreams(events)).toEqual([]);
  expect(
    events
      .filter(({ type }) => type === 'LampWentOut')
      .map(({ stream }) => stream)
      .sort(),
  ).toEqual(['house.lamp-a', 'house.lamp-b', 'house.lamp-c', 'house.lamp-d']);
  await caughtUp(app.service, ['parked']);
  expect(await listParked(app.service.readModels, { limit: 9 })).toMatchObject([
    { about: 'house.lamp-killer', message: 'the process ended while it was decided', attempt: 2 },
  ]);
  await app.close();
});
