import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { testApp } from '../support/app.ts';
import { startConsumer, totalsFile } from './child.ts';

let sent = 0;
/** A donation that is released at once, by hand. */
const release = async (app: App, recipient: string, cents: number): Promise<void> => {
  const to = `giving.escrow-example${++sent}`;
  const send = async (type: string, data: object): Promise<void> => {
    const answer = await app.inject('POST', '/api/v1/commands', { id: `${type}-${sent}`, to, type, data: data as never });
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 });
  };
  await send('SendDonation', { donor: 'd', recipient, cents });
  await send('ConfirmReceipt', {});
  await send('ReleaseEscrowEarly', { reason: 'an example' });
};
/** A port that was free a moment ago. */
const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
};
const totalsIn = (file: string): object[] => new DatabaseSync(file, { readOnly: true }).prepare('SELECT * FROM totals ORDER BY 1').all();

describe('examples/consumers/sse.ts', () => {
  it('reads from the beginning, goes on from its own place after a crash, and counts nothing twice', async () => {
    const app = await testApp(undefined, { listen: true });
    const env = { CARILLON_URL: app.url!, CARILLON_TOKEN: readFileSync(app.tokenFile, 'utf8').trim() };
    const file = totalsFile();
    await release(app, 'anna', 100);
    const first = startConsumer('sse', file, env);
    await first.said('anna has 100');
    await release(app, 'anna', 50);
    await first.said('anna has 150');
    await first.stop();
    await release(app, 'bo', 7);
    const second = startConsumer('sse', file, env);
    await second.said('bo has 7');
    expect(second.lines.filter((line) => line.includes('anna'))).toEqual([]);
    expect(totalsIn(file)).toEqual([
      { recipient: 'anna', cents: '150' },
      { recipient: 'bo', cents: '7' },
    ]);
  });
});

describe('examples/consumers/webhook.ts', () => {
  it('verifies, takes each event once, and refuses what was not signed for it', async () => {
    const app = await testApp(undefined, { config: { webhooksLoopback: true } });
    // The secret is known only after the address: the receiver starts on a port that the webhook then names.
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/hooks`;
    const { body } = await app.inject('POST', '/api/v1/webhooks', { url, types: ['giving.escrow.*'] });
    const { id, secret } = body as { id: string; secret: string };
    const file = totalsFile();
    const consumer = startConsumer('webhook', file, { WEBHOOK_SECRET: secret, PORT: String(port) });
    await consumer.said('listening');
    await release(app, 'anna', 100);
    await consumer.said('anna has 100');

    const upTo = String(await app.service.store.head());
    expect(await app.inject('POST', `/api/v1/webhooks/${id}/replay`, { from: '0', to: upTo, reason: 'once more' })).toMatchObject({
      status: 200,
    });
    await consumer.said(/^again /);
    expect(totalsIn(file)).toEqual([{ recipient: 'anna', cents: '100' }]);

    const forged = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: { 'webhook-id': 'x', 'webhook-timestamp': '1', 'webhook-signature': 'v1,x' },
    });
    expect(forged.status).toBe(400);
  });
});
