import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpClient } from '../../src/cli/client.ts';
import { follow } from '../../src/cli/follow.ts';

type Turn = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers the first request by the first turn, and so on. */
const serve = async (turns: readonly Turn[]) => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers['last-event-id'] as string | undefined);
    turns[seen.length - 1]?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { client: httpClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 't' }), seen };
};

const stream = (text: string, end: (response: ServerResponse) => void): Turn => {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`retry: 10\n\n${text}`, () => end(response));
  };
};
const cut = (response: ServerResponse): void => void setTimeout(() => response.destroy(), 50);
const event = (id: number): string => `id: ${id}\ndata: {"n":${id}}\n\n`;
const refuse =
  (status: number, code: string): Turn =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ code, detail: 'No' }));

describe('following events', () => {
  it('goes on from the last id when the connection is cut or closed, and says so', async () => {
    const { client, seen } = await serve([
      stream(`: beat\n\n${event(1)}${event(2)}`, cut),
      stream(event(3), (response) => void response.end()),
      stream(event(4), () => undefined),
    ]);
    const stop = new AbortController();
    const [got, told]: [string[], string[]] = [[], []];
    for await (const message of follow(client, '/api/v1/events', stop.signal, (line) => told.push(line))) {
      got.push(message.data);
      if (got.length === 4) stop.abort();
    }
    expect(got).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}']);
    expect(seen).toEqual([undefined, '2', '3']);
    expect(told.filter((line) => line === 'connected again')).toHaveLength(2);
  });

  it('says when events were missed because none had come before the cut', async () => {
    const { client } = await serve([stream('', cut), stream(event(9), () => undefined)]);
    const stop = new AbortController();
    const told: string[] = [];
    for await (const _ of follow(client, '/api/v1/events', stop.signal, (line) => told.push(line))) stop.abort();
    expect(told.at(-1)).toBe('connected again; what came in between is not shown');
  });

  it('ends at a refusal, at once or later: a revoked token is not tried again', async () => {
    const drain = async (turns: readonly Turn[]) => {
      const { client, seen } = await serve(turns);
      for await (const _ of follow(client, '/', new AbortController().signal)) void seen;
    };
    await expect(drain([refuse(403, 'forbidden')])).rejects.toMatchObject({ exit: 5 });
    await expect(drain([stream(event(1), cut), refuse(401, 'unauthorized')])).rejects.toMatchObject({ exit: 5 });
  });

  it('the first connection must succeed, and a folder without a server has no live events', async () => {
    const none = follow(httpClient({ url: 'http://127.0.0.1:1', token: 't' }), '/', new AbortController().signal);
    await expect(none.next()).rejects.toMatchObject({ code: 'service-unreachable' });
    const { client } = await serve([]);
    const offline = follow({ ...client, open: async () => null }, '/', new AbortController().signal);
    await expect(offline.next()).rejects.toMatchObject({ exit: 2, next: 'carillon start' });
  });

  it('ends quietly when it is told to, also while it waits to connect again', async () => {
    const { client } = await serve([
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`retry: 30000\n\n${event(1)}`, () => cut(response));
      },
    ]);
    const stop = new AbortController();
    for await (const _ of follow(client, '/', stop.signal, () => setTimeout(() => stop.abort(), 20))) void _;
  });
});
