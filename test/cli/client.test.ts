import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findServer, httpClient, listens, unwrap } from '../../src/cli/client.ts';
import { CliEnd } from '../../src/cli/exit.ts';

const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** An address where nobody listens any more. */
const gone = async (): Promise<string> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
};

const folderWith = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-client-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
};

const announced = (pid: number, url = 'http://127.0.0.1:7070'): string => JSON.stringify({ url, pid, version: '0.1.0' });

describe('finding the server', () => {
  it('takes the one that the folder announces while its process lives', () => {
    const folder = folderWith({ 'server.json': announced(process.pid), 'admin.token': 'crl_a\n' });
    expect(findServer(folder, {}, {})).toEqual({ url: 'http://127.0.0.1:7070', token: 'crl_a', named: false });
  });

  it('finds none in an empty folder, after a kill, or behind a torn announcement', () => {
    expect(findServer(folderWith({}), {}, {})).toBeNull();
    expect(findServer(folderWith({ 'server.json': announced(2 ** 30) }), {}, {})).toBeNull();
    expect(findServer(folderWith({ 'server.json': '{"url":"ht' }), {}, {})).toBeNull();
  });

  it('prefers a token file to CARILLON_TOKEN, and that to the admin token', () => {
    const folder = folderWith({ 'server.json': announced(process.pid), 'admin.token': 'admin', other: 'other\n' });
    expect(findServer(folder, {}, { CARILLON_TOKEN: 'env' })?.token).toBe('env');
    expect(findServer(folder, {}, { CARILLON_TOKEN: '' })?.token).toBe('admin');
    expect(findServer(folder, { tokenFile: join(folder, 'other') }, { CARILLON_TOKEN: 'env' })?.token).toBe('other');
    expect(() => findServer(folder, { tokenFile: join(folder, 'gone') }, {})).toThrow(/gone cannot be read/);
  });

  it('never sends the admin token of the folder to another host', () => {
    const folder = folderWith({ 'admin.token': 'admin' });
    expect(findServer(folder, { url: 'http://127.0.0.1:9' }, {})?.token).toBe('admin');
    for (const url of ['https://jobs.example', 'http://localhost.evil.example', 'http://127.0.0.1@evil.example'])
      expect(() => findServer(folder, { url }, {}), url).toThrow(`There is no token for ${url}`);
    expect(findServer(folder, { url: 'https://jobs.example' }, { CARILLON_TOKEN: 'theirs' })?.token).toBe('theirs');
  });

  it('listens tells a dead address from one that answers anything', async () => {
    expect(await listens(await gone())).toBe(false);
    expect(await listens(await serve((_request, response) => response.writeHead(503).end('unready')))).toBe(true);
  });
});

describe('calling', () => {
  it('sends the token and the body as JSON, and gives the body of the answer', async () => {
    const url = await serve((request, response) => {
      let text = '';
      request.on('data', (part) => {
        text += part;
      });
      request.on('end', () => {
        response.setHeader('content-type', 'application/json; charset=utf-8');
        response.end(JSON.stringify([request.method, request.url, request.headers.authorization, request.headers['content-type'], text]));
      });
    });
    const client = httpClient({ url, token: 'crl_x' });
    expect(await client.call('POST', '/a?b=c', { d: 1 })).toEqual(['POST', '/a?b=c', 'Bearer crl_x', 'application/json', '{"d":1}']);
    expect(await client.call('POST', '/n', '{}\n', 'application/x-ndjson')).toEqual(
      expect.arrayContaining(['application/x-ndjson', '{}\n']),
    );
    expect(await client.call('GET', '/g')).toEqual(['GET', '/g', 'Bearer crl_x', null, '']);
  });

  it('a problem document becomes an end with its exit code, its rule once, and its next step', async () => {
    const problem = { code: 'already-running', detail: 'It runs', next: 'Wait' };
    const url = await serve((_request, response) =>
      response.writeHead(409, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)),
    );
    const client = httpClient({ url, token: 't' });
    await expect(client.call('GET', '/')).rejects.toMatchObject({ exit: 4, message: 'It runs (already-running)', next: 'Wait' });
    expect(await client.ask('GET', '/')).toEqual({ status: 409, body: problem });
    expect(() => unwrap({ status: 404, body: { code: 'not-found', detail: 'Refused by rule run-none', rule: 'run-none' } })).toThrow(
      /^Refused by rule run-none \(not-found\)$/,
    );
  });

  it('whatever else answers is an error in plain words, not a stack', async () => {
    const torn = await serve((_request, response) => response.writeHead(500, { 'content-type': 'application/json' }).end('{"code'));
    await expect(httpClient({ url: torn, token: 't' }).call('GET', '/')).rejects.toBeInstanceOf(CliEnd);
    await expect(httpClient({ url: await gone(), token: 't' }).call('GET', '/')).rejects.toMatchObject({
      code: 'service-unreachable',
    });
  });
});
