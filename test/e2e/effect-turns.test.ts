import { expect, it } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { nextEvent, testApp } from '../support/app.ts';
import { allEvents } from '../support/audit.ts';
import { lampContext, newBench } from '../support/lamp.ts';

it('a start is recorded only when its call has a turn: a crash leaves no more in doubt than were running', async () => {
  const gate = Promise.withResolvers<void>();
  const house = lampContext(newBench());
  const slow = {
    ...house,
    build: (settings: never) => {
      const built = house.build(settings);
      const effects = built.effects!.map((effect) => ({
        ...effect,
        concurrency: 3,
        handler: async (call: never) => {
          await gate.promise;
          return effect.handler(call);
        },
      }));
      return { ...built, effects };
    },
  };
  const app = await testApp([slow as never]);
  const ids = Array.from({ length: 12 }, (_, n) => `l${n}`);
  for (const id of ids)
    await app.inject('POST', '/api/v1/commands', {
      id: `light-${id}`,
      to: `house.lamp-${id}`,
      type: 'LightLamp',
      data: { seconds: 0.1 } as Json,
    });
  const count = async (type: string): Promise<number> => (await allEvents(app)).filter((event) => event.type === type).length;
  let requested = 0;
  await nextEvent(app, (event) => event.type === 'EffectRequested' && ++requested === ids.length);
  await nextEvent(app, (event) => event.type === 'EffectStarted');
  // Two rounds of the timer, which asks for turns again.
  const now = app.service.clock.monotonic();
  while (app.service.clock.monotonic() < now + 2_200) await app.service.clock.sleep(100);
  expect(await count('EffectStarted')).toBe(3);
  gate.resolve();
  let confirmed = 0;
  await nextEvent(app, (event) => event.type === 'EffectConfirmed' && ++confirmed === ids.length);
  expect(await count('EffectStarted')).toBe(ids.length);
});
