import { expect, it } from 'vitest';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { RecordedEvent } from '../../src/core/event.ts';
import { type Instant, plus } from '../../src/core/instant.ts';
import { nextEvent, testApp } from '../support/app.ts';
import { allEvents } from '../support/audit.ts';
import { lampContext, newBench } from '../support/lamp.ts';

const seen = async (app: Awaited<ReturnType<typeof testApp>>): Promise<void> => {
  const head = await app.service.store.head();
  if (head !== null) await Promise.all(['due-index', 'parked'].map((name) => app.service.readModels.passed(name, head)));
};
const line = (id: string, asOf: Instant, seconds: number) => ({
  id: `light-${id}`,
  to: `house.lamp-${id}`,
  type: 'LightLamp',
  data: { seconds },
  asOf,
});
const confirmed = (key: string) => (event: RecordedEvent) =>
  event.type === 'EffectConfirmed' && (event.data as { key: string }).key.startsWith(key);

it('effects of imported facts wait as one group for approval; those of what happens from now on go out', async () => {
  const bench = newBench();
  const now = createSystemClock().now();
  const lines = [line('a', plus(now, -60_000), 5), line('c', plus(now, -50_000), 5), line('b', plus(now, -1_000), 3)];
  const app = await testApp([lampContext(bench)], { facts: { name: 'past', lines } });
  await nextEvent(app, confirmed('out house.lamp-b'));
  expect(bench.calls).toEqual(['out house.lamp-b 1']);

  await nextEvent(app, (event) => event.type === 'ImportFinished');
  await seen(app);
  const id = app.imported!;
  expect((await app.inject('GET', `/api/v1/imports/${id}`)).body).toMatchObject({ status: 'finished', held: 2 });
  const { body } = await app.inject('GET', `/api/v1/parked?import=${id}`);
  expect(body).toMatchObject({ parked: [{ heldBy: id, kind: 'effect', attempt: 0 }, { heldBy: id }] });
  const [kept] = (body as { parked: { id: string; about: string }[] }).parked;
  await app.inject('POST', `/api/v1/parked/${encodeURIComponent(kept!.id)}/discard`, { reason: 'it rang then' });

  const answer = await app.inject('POST', '/api/v1/parked/replay', { import: id, reason: 'nobody was told' });
  expect(answer).toMatchObject({ status: 200, body: { import: id, status: 'replayed', count: 1 } });
  const other = kept!.about.startsWith('out house.lamp-a') ? 'out house.lamp-c' : 'out house.lamp-a';
  const event = await nextEvent(app, confirmed(other));
  expect(bench.calls).toEqual(['out house.lamp-b 1', `${other} 1`]);
  const replayed = (await allEvents(app)).find(({ type, stream }) => type === 'EffectReplayed' && stream === event.stream);
  expect(replayed?.metadata.reason).toBe('nobody was told');
  expect(await app.inject('POST', '/api/v1/parked/discard', { import: id, reason: 'done' })).toMatchObject({ status: 404 });
});
