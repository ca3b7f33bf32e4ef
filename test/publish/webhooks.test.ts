import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { testApp } from '../support/app.ts';
import { startReceiver } from './receiver.ts';

type Made = { readonly id: string; readonly secret: string };
type Delivery = {
  readonly id: string;
  readonly type: string;
  readonly event: string;
  readonly status: string;
  readonly attempt: number;
  readonly message: string | null;
  readonly nextAt: string | null;
  readonly again: boolean;
};

const create = async (app: App, url: string, types: string[]): Promise<Made> => {
  const { status, body } = await app.inject('POST', '/api/v1/webhooks', { url, types });
  expect(status, JSON.stringify(body)).toBe(201);
  return body as Made;
};
let sent = 0;
const donate = async (app: App, entity = `e${++sent}`): Promise<string> => {
  const command = {
    id: `donate-${entity}`,
    to: `giving.escrow-${entity}`,
    type: 'SendDonation',
    data: { donor: 'd', recipient: 'r', cents: 5 },
  };
  expect((await app.inject('POST', '/api/v1/commands', command)).status).toBe(200);
  return entity;
};
const deliveries = async (app: App, { id }: Made): Promise<readonly Delivery[]> => {
  const { status, body } = await app.inject('GET', `/api/v1/webhooks/${id}/deliveries`);
  expect(status).toBe(200);
  return (body as { deliveries: Delivery[] }).deliveries;
};
/** The deliveries of a webhook as soon as all of `count` have this status. */
const settled = async (app: App, made: Made, status: string, count = 1): Promise<readonly Delivery[]> => {
  await expect
    .poll(async () => (await deliveries(app, made)).filter((each) => each.status === status).length, { timeout: 15_000 })
    .toBe(count);
  return (await deliveries(app, made)).filter((each) => each.status === status);
};

describe('webhooks', () => {
  it('bring each public event that is wanted, once, as a signed CloudEvent', async () => {
    const app = await testApp(undefined, { config: { webhooksLoopback: true } });
    const receiver = await startReceiver();
    const made = await create(app, receiver.url, ['giving.escrow.DonationSent']);
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const entity = await donate(app);
    expect(
      (await app.inject('POST', '/api/v1/commands', { id: 'r1', to: `giving.escrow-${entity}`, type: 'ConfirmReceipt', data: {} })).status,
    ).toBe(200);
    const second = await donate(app);
    await settled(app, made, 'delivered', 2);
    expect(receiver.received).toHaveLength(2);
    for (const { headers, body } of receiver.received) {
      const event = new Webhook(made.secret).verify(body, headers as Record<string, string>) as {
        id: string;
        type: string;
        subject: string;
      };
      expect(event).toMatchObject({ specversion: '1.0', type: 'giving.escrow.DonationSent', data: { cents: '5' } });
      expect(headers['webhook-id']).toBe(event.id);
      expect(headers['content-type']).toBe('application/cloudevents+json');
    }
    const subjects = receiver.received.map(({ body }) => (JSON.parse(body) as { subject: string }).subject);
    expect(new Set(subjects)).toEqual(new Set([entity, second]));
  });

  it('a dead and a silent endpoint hold back no other', async () => {
    const app = await testApp(undefined, { config: { webhooksLoopback: true } });
    const silent = await startReceiver(() => undefined);
    const dead = await startReceiver((response) => void response.writeHead(500).end());
    const well = await startReceiver();
    const [first, second, third] = [
      await create(app, silent.url, ['*']),
      await create(app, dead.url, ['*']),
      await create(app, well.url, ['*']),
    ];
    for (let n = 0; n < 20; n++) await donate(app);
    const started = performance.now();
    const done = await settled(app, third, 'delivered', 20);
    expect(performance.now() - started).toBeLessThan(8_000);
    expect(done.every(({ message }) => message?.startsWith('HTTP 200 in '))).toBe(true);
    const failed = await settled(app, second, 'waiting', 20);
    expect(failed[0]).toMatchObject({ attempt: 1, message: 'HTTP 500' });
    expect(failed[0]!.nextAt).not.toBeNull();
    expect((await deliveries(app, first)).filter(({ status }) => status === 'delivered')).toEqual([]);
  });

  it('rotation signs with both secrets; an endpoint that answers 410 is disabled', async () => {
    const app = await testApp(undefined, { config: { webhooksLoopback: true } });
    let status = 200;
    const receiver = await startReceiver((response) => void response.writeHead(status).end());
    const made = await create(app, receiver.url, ['giving.*']);
    const { body } = await app.inject('POST', `/api/v1/webhooks/${made.id}/rotate`, { reason: 'a leak' });
    const { secret } = body as Made;
    expect(secret).not.toBe(made.secret);
    await donate(app);
    await settled(app, made, 'delivered');
    const [{ headers, body: text }] = receiver.received as [(typeof receiver.received)[0]];
    expect(String(headers['webhook-signature']).split(' ')).toHaveLength(2);
    for (const each of [made.secret, secret]) expect(() => new Webhook(each).verify(text, headers as Record<string, string>)).not.toThrow();

    status = 410;
    await donate(app);
    await settled(app, made, 'parked');
    const list = (await app.inject('GET', '/api/v1/webhooks')).body as { webhooks: object[] };
    expect(list.webhooks).toEqual([expect.objectContaining({ id: made.id, status: 'disabled', because: 'it answered 410' })]);
    await donate(app);
    expect(await deliveries(app, made)).toHaveLength(2);
    // No secret stands in the log, nor in an answer.
    const log = JSON.stringify((await app.inject('GET', '/api/v1/events?limit=200')).body) + JSON.stringify(list);
    for (const each of [made.secret, secret]) expect(log).not.toContain(each.slice(6, 30));
  });

  it('ping, resend, replay of a range, disable, enable and remove', async () => {
    const app = await testApp(undefined, { config: { webhooksLoopback: true } });
    const receiver = await startReceiver();
    const made = await create(app, receiver.url, ['giving.escrow.*']);
    const post = (path: string, body: object) => app.inject('POST', `/api/v1/webhooks/${made.id}/${path}`, { reason: 'a test', ...body });
    expect((await post('test', {})).status).toBe(200);
    expect(await settled(app, made, 'delivered')).toMatchObject([{ type: 'carillon.webhook.Ping' }]);
    new Webhook(made.secret).verify(receiver.received[0]!.body, receiver.received[0]!.headers as Record<string, string>);
    await donate(app);
    const [newest] = await settled(app, made, 'delivered', 2);
    expect((await post(`deliveries/${newest!.id}/resend`, {})).status).toBe(200);
    const again = await settled(app, made, 'delivered', 3);
    expect(again[0]).toMatchObject({ event: newest!.event, again: true });
    expect(receiver.received.at(-1)!.headers).toMatchObject({ 'webhook-id': newest!.event, 'carillon-again': 'true' });

    expect((await post('disable', {})).status).toBe(200);
    const missed = await donate(app);
    expect((await post('enable', {})).status).toBe(200);
    const upTo = String(await app.service.store.head());
    expect((await post('replay', { from: '0', to: upTo })).body).toEqual({ id: made.id, count: 2 });
    await settled(app, made, 'delivered', 5);
    expect(receiver.received.map(({ body }) => (JSON.parse(body) as { subject: string }).subject)).toContain(missed);

    expect((await app.inject('DELETE', `/api/v1/webhooks/${made.id}?reason=over`)).body).toEqual({ id: made.id, status: 'removed' });
    expect((await post('test', {})).status).toBe(404);
    expect((await app.inject('GET', '/api/v1/webhooks')).body).toMatchObject({ webhooks: [] });
    expect(await app.vault.get(`webhook:${made.id}`)).toBeNull();
  });

  it('refuse addresses and types that cannot be', async () => {
    const app = await testApp(undefined, { config: { webhooksLoopback: true } });
    const refused = async (url: string, types: string[] = ['*']): Promise<unknown> => {
      const { status, body } = await app.inject('POST', '/api/v1/webhooks', { url, types });
      return status === 422 ? (body as { rule: string }).rule : status;
    };
    for (const url of ['http://example.org/', 'ftp://example.org/', 'https://me:pw@example.org/', 'https://example.org/#x', 'nothing'])
      expect(await refused(url)).toBe('url-refused');
    expect(await refused('https://example.org/', ['giving.escrow'])).toBe('type-invalid');
    expect(await refused('https://example.org/', [])).toBe(400);
  });

  it('an erasure is told without data', async () => {
    const app = await testApp(undefined, { config: { webhooksLoopback: true } });
    const receiver = await startReceiver();
    const made = await create(app, receiver.url, ['giving.escrow.StreamErased']);
    const entity = await donate(app);
    expect((await app.inject('DELETE', `/api/v1/streams/giving.escrow-${entity}?reason=asked`)).status).toBe(200);
    await settled(app, made, 'delivered');
    const event = JSON.parse(receiver.received[0]!.body) as object;
    expect(event).toMatchObject({ type: 'giving.escrow.StreamErased', subject: entity });
    expect(event).not.toHaveProperty('data');
  });
});
