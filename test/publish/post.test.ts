import { describe, expect, it } from 'vitest';
import { createPost } from '../../src/adapters/http/post.ts';
import { startReceiver } from './receiver.ts';

const never = new AbortController().signal;
const send = (url: string, options: Partial<Parameters<typeof createPost>[0]> = {}) =>
  createPost({ loopback: true, ...options })({ url, headers: { 'x-test': 'yes' }, body: '{"a":"ä"}', signal: never });

describe('posting', () => {
  it('sends the body and tells status and time', async () => {
    const receiver = await startReceiver((response) => void response.writeHead(202).end('thanks'));
    expect(await send(receiver.url)).toMatchObject({ kind: 'answered', status: 202, retryAfter: null, ms: expect.any(Number) });
    expect(receiver.received).toMatchObject([
      { body: '{"a":"ä"}', path: '/hooks', headers: { 'x-test': 'yes', host: `127.0.0.1:${receiver.port}` } },
    ]);
  });

  it('dials the address that was checked, whatever the name leads to by then', async () => {
    const receiver = await startReceiver();
    let asked = 0;
    const resolve = async () => [{ address: ++asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }];
    expect(await send(`http://rebinds.example:${receiver.port}/`, { resolve })).toMatchObject({ kind: 'answered', status: 200 });
    expect(receiver.received[0]!.headers.host).toBe(`rebinds.example:${receiver.port}`);
    expect(asked).toBe(1);
    expect(await send(`http://rebinds.example:${receiver.port}/`, { resolve })).toMatchObject({ kind: 'refused' });
    expect(receiver.received).toHaveLength(1);
  });

  it('follows no redirect', async () => {
    const target = await startReceiver();
    const receiver = await startReceiver((response) => void response.writeHead(307, { location: target.url }).end());
    expect(await send(receiver.url)).toMatchObject({ kind: 'answered', status: 307 });
    expect(target.received).toEqual([]);
  });

  it('gives up on silence, and on an answer that trickles', async () => {
    const silent = await startReceiver(() => undefined);
    expect(await send(silent.url, { withinMs: 200 })).toEqual({ kind: 'failed', message: 'no answer within 200 ms' });
    const trickle = await startReceiver((response) => void response.writeHead(200).write('x'));
    expect(await send(trickle.url, { withinMs: 200 })).toEqual({ kind: 'failed', message: 'no answer within 200 ms' });
    const resolver = await send('https://slow.example/', { withinMs: 100, resolve: () => new Promise(() => undefined) });
    expect(resolver).toEqual({ kind: 'failed', message: 'no answer within 100 ms' });
  });

  it('reads no more than 64 KiB of an answer', async () => {
    let written = 0;
    const endless = await startReceiver((response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
      };
      response.on('drain', more).on('error', () => undefined);
      more();
    });
    expect(await send(endless.url)).toMatchObject({ kind: 'answered', status: 200 });
    expect(written).toBeLessThan(8 * 1024 * 1024);
  });

  it('tells Retry-After, and why a connection failed', async () => {
    const busy = await startReceiver((response) => void response.writeHead(503, { 'retry-after': '120' }).end());
    expect(await send(busy.url)).toMatchObject({ kind: 'answered', status: 503, retryAfter: '120' });
    const rude = await startReceiver((response) => void response.socket?.destroy());
    expect(await send(rude.url)).toMatchObject({ kind: 'failed', message: expect.stringContaining('ECONNRESET') });
    expect(await send('http://127.0.0.1:1/')).toMatchObject({ kind: 'failed', message: expect.stringContaining('ECONNREFUSED') });
  });
});
