import { expect, it } from 'vitest';
import { testApp } from '../support/app.ts';
import { startReceiver } from './receiver.ts';

it('what failed is sent again, under the same id, no sooner than Retry-After says', async () => {
  const app = await testApp(undefined, { config: { webhooksLoopback: true } });
  const times: number[] = [];
  const receiver = await startReceiver((response) => {
    times.push(performance.now());
    if (times.length > 1) response.end();
    else response.writeHead(503, { 'retry-after': '6' }).end();
  });
  const { body } = await app.inject('POST', '/api/v1/webhooks', { url: receiver.url, types: ['giving.escrow.*'] });
  const { id } = body as { id: string };
  const command = { id: 'd1', to: 'giving.escrow-retried', type: 'SendDonation', data: { donor: 'd', recipient: 'r', cents: 5 } };
  expect((await app.inject('POST', '/api/v1/commands', command)).status).toBe(200);
  await expect.poll(() => times.length, { timeout: 15_000 }).toBe(2);
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(5_900);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  await expect
    .poll(async () => (await app.inject('GET', `/api/v1/webhooks/${id}/deliveries`)).body)
    .toMatchObject({ deliveries: [{ status: 'delivered', attempt: 2 }] });
});
