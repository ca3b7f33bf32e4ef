import { expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { demoFacts, runDemo } from '../../src/demo.ts';
import { tempFolder, testConfig } from '../support/app.ts';
import { allEvents, brokenLedgers, brokenStreams } from '../support/audit.ts';

it('a stop in the middle of an import is prompt, loses nothing and doubles nothing', { timeout: 60_000 }, async () => {
  const config = await testConfig(tempFolder());
  for (const wanted of [1, 400, 1_200, 2_400]) {
    const app = await createApp(config, { listen: false, facts: demoFacts() });
    const stop = new AbortController();
    for await (const page of app.service.store.subscribe({ types: ['ImportAdvanced', 'ImportFinished'] }, stop.signal)) {
      if (page.events.some((event) => event.type === 'ImportFinished' || (event.data as { done: number }).done >= wanted)) break;
    }
    stop.abort();
    const started = performance.now();
    await app.close();
    expect(performance.now() - started).toBeLessThan(5_000);
  }
  const app = await createApp(config, { listen: false, facts: demoFacts() });
  await runDemo(app);
  const events = await allEvents(app);
  expect(brokenStreams(events)).toEqual([]);
  expect(await brokenLedgers(app, events)).toEqual([]);
  const ids = events
    .filter((event) => event.metadata.causationId.startsWith('long-weekend-') && event.metadata.hops === undefined)
    .map((event) => event.metadata.causationId);
  expect(new Set(ids).size).toBeGreaterThan(2_500);
  await app.close();
});
