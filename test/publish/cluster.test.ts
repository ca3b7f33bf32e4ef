import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConsumer } from '../examples/child.ts';
import { clusterInstalled, type RunningCluster, startCluster } from '../support/cluster.ts';
import { startReceiver } from './receiver.ts';

const minutes = 60_000;

describe.skipIf(!clusterInstalled())('events for others, from several processes', () => {
  let cluster: RunningCluster;
  const folder = mkdtempSync(join(tmpdir(), 'carillon-events-'));
  beforeAll(async () => {
    cluster = await startCluster({ CARILLON_WEBHOOKS_LOOPBACK: 'true' });
  }, 2 * minutes);
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'reach the exchange and a webhook, also after the process that took them there is killed',
    async () => {
      const front = cluster.start(['handlers', 'api']);
      const publishing = cluster.start(['projections']);
      const [url] = await Promise.all([front.ready, publishing.ready]);
      const consumer = startConsumer('amqp', join(folder, 'totals.db'), { CARILLON_RABBITMQ_URL: cluster.rabbit.url });
      await consumer.said('listening');
      const receiver = await startReceiver();
      const call = async (path: string, body: object): Promise<void> => {
        const answer = await cluster.call(url!, 'POST', path, body);
        expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
      };
      await call('/api/v1/webhooks', { url: receiver.url, types: ['giving.escrow.EscrowReleased'] });
      const release = async (nth: number): Promise<void> => {
        const to = `giving.escrow-cluster${nth}`;
        await call('/api/v1/commands', { id: `s${nth}`, to, type: 'SendDonation', data: { donor: 'd', recipient: 'anna', cents: 100 } });
        await call('/api/v1/commands', { id: `c${nth}`, to, type: 'ConfirmReceipt', data: {} });
        await call('/api/v1/commands', { id: `r${nth}`, to, type: 'ReleaseEscrowEarly', data: { reason: 'a test' } });
      };
      const subjects = (): Set<string> => new Set(receiver.received.map(({ body }) => (JSON.parse(body) as { subject: string }).subject));
      await release(1);
      await consumer.said('anna has 100');
      await expect.poll(subjects, { timeout: 20_000 }).toEqual(new Set(['cluster1']));

      publishing.child.kill('SIGKILL');
      await release(2);
      const next = cluster.start(['projections']);
      await next.ready;
      await consumer.said('anna has 200');
      await expect.poll(subjects, { timeout: 20_000 }).toEqual(new Set(['cluster1', 'cluster2']));
    },
    3 * minutes,
  );
});
