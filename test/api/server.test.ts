import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createServer } from '../../src/api/server.ts';
import { isCarillonError } from '../../src/core/errors.ts';
import { createApi } from './support/api.ts';

const { world, tokens } = await createApi();
const local = { host: '127.0.0.1', port: 0 };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('the port', () => {
  it('that is in use is an error that names the setting', async () => {
    const first = await createServer(world.service, local);
    const port = Number(new URL(await first.listen()).port);
    const second = await createServer(world.service, { ...local, port });
    const error = await second.listen().catch((thrown: unknown) => thrown);
    expect(isCarillonError(error, 'port-in-use')).toBe(true);
    expect(String(error)).toContain(`Port ${port} on 127.0.0.1 is in use; CARILLON_PORT chooses another`);
    await Promise.all([first.close(), second.close()]);
  });

  it('is told once it is open, and free again after closing', async () => {
    const server = await createServer(world.service, local);
    expect(server.address()).toBeNull();
    const address = await server.listen();
    expect(server.address()).toBe(address);
    expect(await (await fetch(`${address}/livez`)).text()).toBe('ok');
    await server.close();
    const again = await createServer(world.service, { ...local, port: Number(new URL(address).port) });
    await again.listen();
    await again.close();
  });

  it('of no machine is an error that names the setting', async () => {
    const server = await createServer(world.service, { host: '203.0.113.1', port: 0 });
    await expect(server.listen()).rejects.toThrow('CARILLON_HOST chooses another');
    await server.close();
  });
});

describe('rates', () => {
  const times = async (count: number, send: () => Promise<{ statusCode: number }>): Promise<number[]> => {
    const statuses: number[] = [];
    for (let n = 0; n < count; n++) statuses.push((await send()).statusCode);
    return statuses;
  };

  it('of one token are limited, and told when to come again', async () => {
    const { app, close } = await createServer(world.service, { ...local, limits: { perToken: 5 } });
    const send = (token: string) => app.inject({ url: '/api/v1/runs', headers: bearer(token) });
    expect(await times(7, () => send(tokens.read))).toEqual([200, 200, 200, 200, 200, 429, 429]);
    const answer = await send(tokens.read);
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(answer.json()).toMatchObject({ code: 'too-many-requests', status: 429 });
    expect((await send(tokens.operate)).statusCode).toBe(200);
    await close();
  });

  it('of one address are limited, whatever X-Forwarded-For says', async () => {
    const { app, close } = await createServer(world.service, { ...local, limits: { perAddress: 5 } });
    let n = 0;
    const send = () => app.inject({ url: '/livez', headers: { 'x-forwarded-for': `10.0.0.${n++}` } });
    expect(await times(6, send)).toEqual([200, 200, 200, 200, 200, 429]);
    await close();
  });

  it('of one address behind a proxy that is trusted are those of the client', async () => {
    const { app, close } = await createServer(world.service, { ...local, limits: { perAddress: 2 }, trustedProxies: ['127.0.0.1'] });
    let n = 0;
    expect(await times(4, () => app.inject({ url: '/livez', headers: { 'x-forwarded-for': `10.0.0.${n++}` } }))).toEqual([
      200, 200, 200, 200,
    ]);
    await close();
  });

  it('of refused tokens are stricter, and lock nobody else out', async () => {
    const { app, close } = await createServer(world.service, { ...local, limits: { failuresPerAddress: 3 } });
    expect(await times(5, () => app.inject({ url: '/api/v1/runs', headers: bearer('guess') }))).toEqual([401, 401, 401, 429, 429]);
    expect((await app.inject({ url: '/api/v1/runs', headers: bearer(tokens.read) })).statusCode).toBe(200);
    await close();
  });
});

describe('raw HTTP', () => {
  const exchange = (address: string, text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(Number(new URL(address).port), '127.0.0.1');
      let answer = '';
      socket
        .on('data', (data) => {
          answer += data;
        })
        .on('close', () => resolve(answer))
        .on('error', () => resolve(answer));
      socket.write(text);
    });

  it('headers that are too large, smuggled or slow are refused; the next request is answered', async () => {
    const server = await createServer(world.service, { ...local, limits: { headerBytes: 8_192, requestTimeout: 1_000 } });
    const address = await server.listen();
    expect(await exchange(address, `GET /livez HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(9_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431/);
    expect(
      await exchange(
        address,
        'POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n',
      ),
    ).toMatch(/^HTTP\/1\.1 400/);
    expect(await exchange(address, 'GET /livez HTTP/1.1\nHost: x\n\n')).toMatch(/^(HTTP\/1\.1 400|$)/);
    expect(await (await fetch(`${address}/livez`)).text()).toBe('ok');
    await server.close();
  });
});
