import { describe, expect, it } from 'vitest';
import { createServer } from '../../src/api/server.ts';
import type { Role } from '../../src/contexts/engine/token/events.ts';
import { instant } from '../../src/core/instant.ts';
import { createApi, type Sender } from './support/api.ts';

const api = await createApi({ limits: { failuresPerAddress: 1_000_000 } });
const { world, call, raw, tokens, document } = api;
await world.defineAll();

const samples: { readonly [name: string]: string } = {
  jobName: 'escrow-release',
  slot: encodeURIComponent('giving/release-escrows@2026-11-24T14:00Z'),
  key: 'escrow-release',
  stream: 'giving.escrow-1',
  id: 'giving.escrow-1',
  board: 'donors',
  player: 'p1',
  name: 'runs',
  code: 'internal',
};
const rank: { readonly [role in Role]: number } = { read: 0, operate: 1, admin: 2 };
const roles = Object.keys(rank) as Role[];
const publicPaths = ['/livez', '/readyz'];

type Described = { readonly description?: string };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    url: path.replace(/\{(\w+)\}/g, (_, name: string) => samples[name] ?? 'x'),
    needs: /Role: (\w+)\./.exec((operation as Described).description ?? '')?.[1] ?? 'none',
  })),
);

const expired = await world.mint('admin', instant('2026-11-24T00:31:00.000Z'));
world.clock.set('2026-11-24T00:31:00.000Z');
const revoked = await world.mint('admin');
await world.tell(`engine.token-${revoked.split('_')[1]}`, 'RevokeToken', {});
const forged = `${tokens.admin.slice(0, -1)}${tokens.admin.endsWith('x') ? 'y' : 'x'}`;

const bad: readonly (readonly [string, Sender])[] = [
  ['no token', null],
  ['a word', { token: 'secret' }],
  ['an unknown token', { token: `crl_0123456789abcdef_${'x'.repeat(43)}` }],
  ['a token with one letter changed', { token: forged }],
  ['an expired token', { token: expired }],
  ['a revoked token', { token: revoked }],
];

describe('the whole route table', () => {
  it('has at least 40 operations, and only the probes are public', () => {
    expect(operations.length).toBeGreaterThanOrEqual(40);
    expect(operations.filter((operation) => operation.needs === 'public').map((operation) => operation.path)).toEqual(publicPaths);
    expect(operations.filter((operation) => operation.needs === 'none')).toEqual([]);
  });

  it.each(operations.filter((operation) => operation.needs !== 'public'))(
    '$method $path: 401 without a good token',
    async ({ method, url }) => {
      for (const [what, sender] of bad) {
        const { status, headers, body } = await call(sender, method, url);
        expect([what, status, (body as { code?: string } | null)?.code]).toEqual([what, 401, 'unauthorized']);
        expect(headers['www-authenticate']).toMatch(/^Bearer realm="carillon"/);
      }
    },
  );

  it.each(operations.filter((operation) => operation.needs !== 'public'))(
    '$method $path: role $needs and above, nobody below',
    async ({ method, url, needs }) => {
      for (const role of roles) {
        const { status, body } = await call(role, method, url);
        if (rank[role] < rank[needs as Role])
          expect([role, status, (body as { detail: string }).detail]).toEqual([
            role,
            403,
            `This needs a token of role ${needs}; yours has role ${role}`,
          ]);
        else expect([role, [401, 403, 500].includes(status)]).toEqual([role, false]);
      }
    },
  );
});

describe('ways round', () => {
  it.each([
    '//api/v1/config',
    '/api//v1/config',
    '/api/v1/config/',
    '/api/v1/CONFIG',
    '/API/v1/config',
    '/api/v1/config;a=b',
    '/api%2fv1%2fconfig',
    '/api/v1/%63onfig',
    '/api/v1/./config',
    '/livez/../api/v1/config',
    '/livez%00',
    '/nothing',
  ])('%s without a token is refused by every method', async (url) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE']) {
      const { status } = await raw(null, { method: method as never, url });
      expect([method, [400, 401, 404].includes(status) && status !== 200]).toEqual([method, true]);
    }
  });

  it('HEAD asks for the role of GET', async () => {
    expect((await raw(null, { method: 'HEAD', url: '/api/v1/config' })).status).toBe(401);
    expect((await raw('read', { method: 'HEAD', url: '/api/v1/config' })).status).toBe(403);
    expect((await raw('admin', { method: 'HEAD', url: '/api/v1/config' })).status).toBe(200);
  });

  it('an unknown path is told only to those with a token', async () => {
    expect((await call(null, 'GET', '/api/v1/nothing')).status).toBe(401);
    expect((await call('read', 'GET', '/api/v1/nothing')).body).toMatchObject({ status: 404, code: 'not-found' });
  });

  it('answers no cross-origin question', async () => {
    const { status, headers } = await raw(null, {
      method: 'OPTIONS',
      url: '/api/v1/config',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
    });
    expect([status, headers['access-control-allow-origin']]).toEqual([401, undefined]);
  });

  it('a route without a role, or public without being listed, cannot be registered', async () => {
    const server = await createServer(world.service, { host: '127.0.0.1', port: 0 });
    expect(() => server.app.get('/x', () => 1)).toThrow('Route GET /x declares no role');
    expect(() => server.app.get('/y', { config: { role: 'public' } }, () => 1)).toThrow('Route /y may not be public');
    await server.close();
  });
});

describe('the probes', () => {
  it('say one word to anybody, and the checks to tokens only', async () => {
    expect(await call(null, 'GET', '/livez')).toMatchObject({ status: 200, text: 'ok' });
    expect(await call(null, 'GET', '/readyz')).toMatchObject({ status: 200, text: 'ready' });
    expect(await call(null, 'GET', '/readyz?verbose')).toMatchObject({ status: 401 });
    expect((await call('read', 'GET', '/readyz?verbose')).body).toEqual({
      ready: true,
      checks: [{ name: 'store', ok: true, detail: 'answers' }],
    });
    world.fail(new Error('gone'));
    expect(await call(null, 'GET', '/readyz')).toMatchObject({ status: 503, text: 'unready' });
    expect((await call('read', 'GET', '/readyz?verbose=true')).body).toMatchObject({ ready: false });
    world.fail(null);
  });

  it('metrics are public only when told', async () => {
    expect((await call(null, 'GET', '/metrics')).status).toBe(401);
    expect((await call('read', 'GET', '/metrics')).text).toContain('carillon_up 1');
    const server = await createServer(world.service, { host: '127.0.0.1', port: 0, metricsPublic: true });
    expect((await server.app.inject('/metrics')).statusCode).toBe(200);
    await server.close();
  });
});
