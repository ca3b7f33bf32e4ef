import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { testApp } from '../support/app.ts';

const holds = (folder: string, text: string): string[] =>
  readdirSync(folder).filter((file) => readFileSync(join(folder, file)).includes(text));

it('erased means gone: no byte of it is left in the folder, and no command revives the stream', async () => {
  const app = await testApp();
  const to = 'giving.escrow-gone';
  const canary = 'canary-7d1f-of-a-person';
  const send = (id: string, type: string, data: object) => app.inject('POST', '/api/v1/commands', { id, to, type, data: data as never });
  expect((await send('c1', 'SendDonation', { donor: 'd1', recipient: 'r1', cents: 500 })).status).toBe(200);
  expect((await send('c2', 'ConfirmReceipt', {})).status).toBe(200);
  expect((await send('c3', 'RefundEscrow', { reason: canary })).status).toBe(200);
  expect(holds(app.folder, canary).length).toBeGreaterThan(0);

  const erased = await app.inject('DELETE', `/api/v1/streams/${to}?reason=asked%20for%20it`);
  expect(erased.status).toBe(200);
  expect(holds(app.folder, canary)).toEqual([]);
  expect((await send('c4', 'SendDonation', { donor: 'd1', recipient: 'r1', cents: 500 })).status).toBe(410);
  expect((await app.inject('GET', `/api/v1/entities/${to}/why`)).status).toBe(410);
  // The time index keeps the minutes of what is gone: when the erased events began or ended one, it cannot be compared.
  for (const { name } of (await app.service.projections.list()).filter((each) => each.name !== 'time-index'))
    expect(await app.service.projections.verify(name)).toMatchObject({ equal: true });
});

it('compaction gives the room of what was erased back, and everything goes on', async () => {
  const app = await testApp();
  const to = 'giving.escrow-big';
  const send = (id: string, type: string, data: object) => app.inject('POST', '/api/v1/commands', { id, to, type, data: data as never });
  await send('c0', 'SendDonation', { donor: 'd1', recipient: 'r1', cents: 500 });
  await send('c1', 'ConfirmReceipt', {});
  // Refusals are recorded with what they were given.
  for (let n = 2; n < 60; n++) await send(`c${n}`, 'ConfirmReceipt', {});
  await app.inject('DELETE', `/api/v1/streams/${to}?reason=asked%20for%20it`);
  const { status, body } = await app.inject('POST', '/api/v1/compact', { reason: 'room' });
  const { bytesBefore, bytesAfter } = body as { bytesBefore: number; bytesAfter: number };
  expect(status).toBe(200);
  expect(bytesAfter).toBeGreaterThan(0);
  expect(bytesAfter).toBeLessThanOrEqual(bytesBefore);
  expect((await send('c99', 'ConfirmReceipt', {})).status).toBe(410);
  expect(
    await app.inject('POST', '/api/v1/commands', {
      id: 'd0',
      to: 'giving.escrow-next',
      type: 'SendDonation',
      data: { donor: 'd1', recipient: 'r1', cents: 500 },
    }),
  ).toMatchObject({ status: 200 });
});
