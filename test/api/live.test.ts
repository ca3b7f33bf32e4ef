import { connect } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { createServer } from '../../src/api/server.ts';
import { createApi } from './support/api.ts';

const api = await createApi({ limits: { live: 3, heartbeat: 200, slowClient: 300 } });
const { world, server, tokens } = api;
const base = await server.listen();

type Frame = { readonly id: string; readonly type: string };

/** One live connection, read frame by frame. */
const listen = async (query = '', headers: Record<string, string> = {}) => {
  const stop = new AbortController();
  const response = await fetch(`${base}/api/v1/events${query}`, {
    headers: { authorization: `Bearer ${tokens.read}`, accept: 'text/event-stream', ...headers },
    signal: stop.signal,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const until = async (seen: (all: string) => boolean): Promise<string> => {
    while (!seen(text)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`ended after ${text}`);
      text += value;
    }
    return text;
  };
  const frames = (): Frame[] =>
    [...text.matchAll(/^id: (\d+)\ndata: (.*)$/gm)].map((match) => ({
      id: match[1]!,
      type: (JSON.parse(match[2]!) as { type: string }).type,
    }));
  return {
    response,
    until,
    frames,
    next: async (count: number): Promise<Frame[]> => {
      await until(() => frames().length >= count);
      return frames();
    },
    ended: async (): Promise<void> => {
      while (!(await reader.read()).done);
    },
    stop: () => stop.abort(),
  };
};

const donate = (id: string) => world.tell(`giving.escrow-${id}`, 'SendDonation', { donor: 'd', recipient: 'r', cents: 5 }, { id });

describe('GET /api/v1/events, live', () => {
  it('sends what is appended from now on, and comments to keep the line open', async () => {
    await donate('before');
    const client = await listen();
    expect([client.response.status, client.response.headers.get('content-type'), client.response.headers.get('cache-control')]).toEqual([
      200,
      'text/event-stream',
      'no-store',
    ]);
    await client.until((text) => text.includes('retry: 2000'));
    await donate('a');
    expect((await client.next(1)).map((frame) => frame.type)).toEqual(['DonationSent']);
    await client.until((text) => text.includes(': heartbeat'));
    client.stop();
  });

  it('goes on after Last-Event-ID or ?from, without a gap or a double', async () => {
    const first = await listen('?from=0&types=giving.escrow.*');
    await donate('b');
    const seen = await first.next(3);
    first.stop();
    await donate('c');
    await donate('d');
    const resumed = await listen('?types=giving.escrow.*', { 'last-event-id': seen.at(-1)!.id });
    const rest = await resumed.next(2);
    resumed.stop();
    const all = [...seen, ...rest].map((frame) => frame.id);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual([...all].sort());
    expect(rest).toHaveLength(2);
    const from = await listen(`?types=giving.escrow.*&from=${seen.at(-1)!.id}`);
    expect(await from.next(2)).toEqual(rest);
    from.stop();
  });

  it('sends only what the filter names', async () => {
    const client = await listen('?types=giving.escrow.EscrowHeld');
    await donate('e');
    await world.tell('giving.escrow-e', 'ConfirmReceipt', {});
    expect((await client.next(1)).map((frame) => frame.type)).toEqual(['EscrowHeld']);
    client.stop();
  });

  it('sends public events only, as CloudEvents, when asked to', async () => {
    const client = await listen('?from=0&format=cloudevents');
    await donate('cloud');
    const text = await client.until((all) => all.includes('"subject":"cloud"'));
    client.stop();
    const events = [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1]!) as { specversion: string; type: string });
    expect(new Set(events.map(({ specversion }) => specversion))).toEqual(new Set(['1.0']));
    expect(events.filter(({ type }) => type.startsWith('engine.'))).toEqual([]);
    expect(events.length).toBeGreaterThan(0);
  });

  it('refuses a bad position, filter or token before it streams', async () => {
    const status = async (query: string, headers: Record<string, string> = {}) => (await listen(query, headers)).response.status;
    expect(await status('?from=x')).toBe(400);
    expect(await status('?types=x')).toBe(400);
    expect(await status('?format=cloudevents', { accept: 'application/json' })).toBe(400);
    expect(await status('', { 'last-event-id': '../x' })).toBe(400);
    expect(await status('', { authorization: 'Bearer x' })).toBe(401);
  });

  it('takes only so many at once', async () => {
    await expect.poll(() => world.notes.length >= 0 && server.app.server.listening).toBe(true);
    const clients = [await listen(), await listen(), await listen()];
    expect(clients.map((client) => client.response.status)).toEqual([200, 200, 200]);
    expect((await listen()).response.status).toBe(429);
    for (const client of clients) client.stop();
    await expect
      .poll(async () => {
        const client = await listen();
        client.stop();
        return client.response.status;
      })
      .toBe(200);
  });

  it('drops a client that does not read', async () => {
    const { port } = new URL(base);
    const socket = connect(Number(port), '127.0.0.1');
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()).on('error', () => {}));
    socket.write(
      `GET /api/v1/events?from=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.read}\r\nAccept: text/event-stream\r\n\r\n`,
    );
    socket.pause();
    const big = 'x'.repeat(60_000);
    for (let n = 0; n < 200; n++) await world.tell(`giving.escrow-slow${n}`, 'SendDonation', { donor: big, recipient: 'r', cents: 5 });
    await new Promise((resolve) => setTimeout(resolve, 800));
    socket.resume();
    await closed;
    expect(socket.bytesRead).toBeLessThan(200 * 60_000);
  });

  it('ends when its token is revoked', { timeout: 15_000 }, async () => {
    const token = await world.mint('read');
    const client = await listen('', { authorization: `Bearer ${token}` });
    expect(client.response.status).toBe(200);
    await world.tell(`engine.token-${token.split('_')[1]}`, 'RevokeToken', {});
    await client.ended();
  });
});

describe('closing', () => {
  it('ends live connections at once', async () => {
    const other = await createServer(world.service, { host: '127.0.0.1', port: 0 });
    const address = await other.listen();
    const response = await fetch(`${address}/api/v1/events`, {
      headers: { authorization: `Bearer ${tokens.read}`, accept: 'text/event-stream' },
    });
    const started = performance.now();
    await other.close();
    await response.text();
    expect(performance.now() - started).toBeLessThan(1_000);
    await expect(fetch(`${address}/livez`)).rejects.toThrow();
  });
});

afterAll(() => server.close());
