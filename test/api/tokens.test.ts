import { describe, expect, it } from 'vitest';
import { createServer } from '../../src/api/server.ts';
import { createApi } from './support/api.ts';

const api = await createApi();
const { world, call, tokens } = api;

type Created = { readonly id: string; readonly token: string };
const create = async (body: object): Promise<Created> => (await call('admin', 'POST', '/api/v1/tokens', body)).body;

describe('tokens', () => {
  it('are shown once, work at once, and stand in what they do', async () => {
    const created = await create({ name: 'ci bot', role: 'operate', reason: 'for the build' });
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      name: 'ci bot',
      role: 'operate',
      expiresAt: null,
      token: expect.stringMatching(/^crl_[0-9a-f]{16}_[\w-]{43}$/),
    });
    const command = { id: 'c1', to: 'giving.escrow-1', type: 'SendDonation', data: { donor: 'd', recipient: 'r', cents: 5 } };
    expect((await call({ token: created.token }, 'POST', '/api/v1/commands', command)).status).toBe(200);
    expect(world.sent.at(-1)).toMatchObject({ id: 'c1', by: 'ci bot' });
    expect(world.sent.find((sent) => sent.to === `engine.token-${created.id}`)).toMatchObject({ by: 'the-admin', reason: 'for the build' });
  });

  it('leave only their hash behind, and not even that in answers', async () => {
    const { id, token } = await create({ name: 'x', role: 'read' });
    const events = JSON.stringify((await world.store.read(`engine.token-${id}`)).events);
    expect(events).toMatch(/[0-9a-f]{64}/);
    const answers = [
      await call('admin', 'GET', '/api/v1/tokens'),
      await call('read', 'GET', `/api/v1/streams/engine.token-${id}`),
      await call('read', 'GET', '/api/v1/events?limit=200'),
    ];
    for (const text of [events, JSON.stringify(world.notes), ...answers.map((answer) => answer.text)])
      expect(text).not.toContain(token.slice(21));
    for (const { text } of answers) expect(text).not.toMatch(/sha256|[0-9a-f]{64}/);
  });

  it('are revoked at once here and within seconds elsewhere', async () => {
    const other = await createServer(world.service, { host: '127.0.0.1', port: 0, limits: { tokenCache: 0 } });
    const { id, token } = await create({ name: 'x', role: 'read' });
    const there = () => other.app.inject({ url: '/api/v1/runs', headers: { authorization: `Bearer ${token}` } });
    expect([(await call({ token }, 'GET', '/api/v1/runs')).status, (await there()).statusCode]).toEqual([200, 200]);
    expect((await call('admin', 'DELETE', `/api/v1/tokens/${id}?reason=lost`)).body).toEqual({ id, status: 'revoked' });
    expect([(await call({ token }, 'GET', '/api/v1/runs')).body, (await there()).statusCode]).toMatchObject([
      { status: 401, detail: 'The token has been revoked' },
      401,
    ]);
    expect((await call('admin', 'DELETE', `/api/v1/tokens/${id}`)).body).toMatchObject({ status: 422, rule: 'already-revoked' });
    expect((await call('admin', 'DELETE', '/api/v1/tokens/0123456789abcdef')).body).toMatchObject({ status: 404, code: 'not-found' });
    await other.close();
  });

  it('expire', async () => {
    const { token } = await create({ name: 'short', role: 'read', expiresIn: '30m' });
    expect((await call({ token }, 'GET', '/api/v1/runs')).status).toBe(200);
    world.clock.set('2026-11-24T01:00:00.000Z');
    expect((await call({ token }, 'GET', '/api/v1/runs')).body).toMatchObject({ status: 401, detail: 'The token has expired' });
    expect(
      (await call('admin', 'POST', '/api/v1/tokens', { name: 'late', role: 'read', expiresAt: '2026-11-24T00:00:00Z' })).body,
    ).toMatchObject({ status: 422, rule: 'expiry-past' });
  });

  it('are listed page by page', async () => {
    const first = (await call('admin', 'GET', '/api/v1/tokens?limit=2')).body as { tokens: { id: string; status: string }[]; next: string };
    const second = (await call('admin', 'GET', `/api/v1/tokens?limit=100&cursor=${first.next}`)).body as {
      tokens: { id: string; status: string }[];
      next: null;
    };
    const all = [...first.tokens, ...second.tokens];
    expect(first.tokens).toHaveLength(2);
    expect(second.next).toBeNull();
    expect(new Set(all.map((token) => token.id)).size).toBe(all.length);
    expect(new Set(all.map((token) => token.status))).toEqual(new Set(['live', 'revoked', 'expired']));
    expect((await call('admin', 'GET', '/api/v1/tokens?cursor=xyz')).body).toMatchObject({
      status: 400,
      detail: 'cursor was not made by this list',
    });
  });

  it('let nobody in when the store cannot be read', async () => {
    const server = await createServer(
      { ...world.service, store: { ...world.store, read: () => Promise.reject(new Error('gone')) } },
      { host: '127.0.0.1', port: 0 },
    );
    const { statusCode, body } = await server.app.inject({ url: '/api/v1/config', headers: { authorization: `Bearer ${tokens.admin}` } });
    expect([statusCode, body.includes('gone')]).toEqual([500, false]);
    await server.close();
  });
});
