import { describe, expect, it } from 'vitest';
import { createApi } from './support/api.ts';

const api = await createApi({ limits: { failuresPerAddress: 1_000_000 } });
const { world, call, raw } = api;
await world.defineAll();

const url = '/api/v1/commands';
const command = { id: 'c1', to: 'giving.escrow-1', type: 'SendDonation', data: { donor: 'd', recipient: 'r', cents: 5 } };
const post = (payload: string | Buffer, headers: Record<string, string | string[]> = { 'content-type': 'application/json' }, path = url) =>
  raw('operate', { method: 'POST', url: path, payload, headers: headers as never });

/** Nothing refused leaves a trace in the log. */
const refused = async (
  work: () => Promise<{ status: number; body: never; text: string }>,
  status: number,
): Promise<{ detail: string; code: string }> => {
  const before = await world.store.head();
  const answer = await work();
  expect(answer.text).not.toMatch(/\bat .*\.(ts|js)|node_modules|\/work\//);
  expect([answer.status, await world.store.head()]).toEqual([status, before]);
  return answer.body;
};

describe('fields', () => {
  it.each([
    ['POST', '/api/v1/schedules/escrow-release/pause', {}, 'reason is missing'],
    ['POST', '/api/v1/schedules/escrow-release/pause', { reason: 'x', untl: 'y' }, 'untl is not a known field'],
    ['POST', '/api/v1/schedules/escrow-release/pause', { reason: 5 }, 'reason must be string'],
    ['POST', '/api/v1/schedules/escrow-release/pause', { reason: '' }, 'reason must not have fewer than 1 characters'],
    ['POST', '/api/v1/schedules/escrow-release/pause', { reason: 'x'.repeat(201) }, 'reason must not have more than 200 characters'],
    ['POST', '/api/v1/schedules/escrow-release/pause', [], 'the body must be object'],
    ['POST', '/api/v1/schedules/escrow-release/pause', null, 'the body must be object'],
    ['POST', '/api/v1/schedules/escrow-release/resume?x=1', { reason: 'x' }, 'x is not a known field'],
    ['POST', '/api/v1/jobs/trigger/escrow-release', { dryRun: 'true' }, 'dryRun must be boolean'],
    ['POST', '/api/v1/jobs/trigger/escrow-release', { scope: '../x' }, /^scope must match pattern/],
    ['GET', '/api/v1/runs?limit=201', undefined, 'limit must be <= 200'],
    ['GET', '/api/v1/runs?limit=1e2', undefined, 'limit must be integer'],
    ['GET', '/api/v1/runs?verdict=done', undefined, 'verdict must be one of open, completed, failed, cancelled, timed-out'],
    ['GET', '/api/v1/runs?__proto__=1', undefined, '__proto__ is not a known field'],
    ['GET', '/api/v1/runs?constructor=1', undefined, 'constructor is not a known field'],
    ['GET', '/api/v1/runs?cursor=e30x', undefined, 'cursor was not made by this list'],
    ['GET', '/api/v1/runs/nothing', undefined, /^"nothing" is not a slot/],
    ['GET', '/api/v1/streams/nothing', undefined, '"nothing" is not a stream name'],
    ['GET', `/api/v1/streams/${encodeURIComponent('giving.escrow-../../x')}%00`, undefined, /is not a stream name$/],
    ['GET', '/api/v1/events?from=-1', undefined, 'from is not a position of this log'],
    ['GET', '/api/v1/events?types=giving', undefined, /^types: "giving" names no events/],
  ])('%s %s %j', async (method, path, body, detail) => {
    const answer = await refused(() => call('operate', method, path, body), 400);
    expect(answer.detail).toMatch(detail);
  });

  it('lists every fault of a body as a JSON pointer', async () => {
    const answer = await refused(() => call('admin', 'POST', '/api/v1/tokens', { role: 'boss', x: 1 }), 400);
    expect((answer as unknown as { errors: { field: string }[] }).errors.map((error) => error.field).sort()).toEqual([
      '/name',
      '/role',
      '/x',
    ]);
  });
});

describe('bodies', () => {
  it.each([
    ['no JSON', '{"id"', 'This is not valid JSON'],
    ['__proto__', '{"id":"a","__proto__":{"x":1}}', 'JSON names "__proto__" or "constructor.prototype"'],
    ['constructor.prototype', '{"data":{"constructor":{"prototype":{"x":1}}}}', 'JSON names "__proto__" or "constructor.prototype"'],
    ['33 levels', `{"data":${'['.repeat(33)}${']'.repeat(33)}}`, 'JSON is nested deeper than 32 levels'],
    ['10,000 levels', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'JSON is nested deeper than 32 levels'],
    ['an infinite number', JSON.stringify(command).replace('5', '1e400'), 'data.cents must be integer'],
    ['nothing', '', 'the command must have required properties|id is missing'],
  ])('with %s are refused', async (_, payload, detail) => {
    expect((await refused(() => post(payload), 400)).detail).toMatch(new RegExp(detail));
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('over the limit of the route are refused: 64 KiB, a batch 4 MiB', async () => {
    const big = JSON.stringify({ reason: 'x'.repeat(64 * 1024) });
    expect(
      await refused(() => post(big, { 'content-type': 'application/json' }, '/api/v1/schedules/escrow-release/pause'), 413),
    ).toMatchObject({ code: 'payload-too-large' });
    expect(await refused(() => post(JSON.stringify({ ...command, data: { donor: 'x'.repeat(64 * 1024) } })), 413)).toMatchObject({
      code: 'payload-too-large',
      detail: 'The command is longer than 65536 bytes',
    });
    expect(await refused(() => post(Buffer.alloc(4 * 1024 * 1024 + 1, 32)), 413)).toMatchObject({ code: 'payload-too-large' });
  });
});

describe('content types: never taken unchecked', () => {
  const unknown = JSON.stringify({ ...command, extra: 1 });

  it.each(['application/json', 'APPLICATION/JSON', 'application/json;charset=utf-8', 'application/json; charset=UTF-8'])(
    '"%s" is JSON, and checked',
    async (type) => {
      expect((await refused(() => post(unknown, { 'content-type': type }), 400)).detail).toBe('extra is not a known field');
    },
  );

  it.each([
    'text/plain',
    'application/json ;x',
    'application/json\t',
    ' application/json',
    'application/json, text/plain',
    'application/json; charset=latin1',
    'application/problem+json',
    'application/jsonx',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/x-ndjson',
    '',
    ';',
    'application/json;',
    'application/json; charset=utf-8; x=y',
  ])('"%s" is refused', async (type) => {
    const answer = await post(unknown, { 'content-type': type });
    // Node trims outer blanks of a header, as HTTP asks for; what then reads "application/json" is checked like it.
    expect([400, 415]).toContain(answer.status);
    expect(answer.body).toMatchObject({ code: 'bad-request' });
  });

  it('no content type at all is refused', async () => {
    const answer = await raw('operate', { method: 'POST', url, payload: unknown, headers: { 'content-type': undefined as never } });
    expect(answer.status).toBe(415);
  });
});

describe('answers', () => {
  it('are for their reader alone', async () => {
    const { headers } = await call('read', 'GET', '/api/v1/runs');
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none';base-uri 'none';frame-ancestors 'none';form-action 'none'",
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers).not.toHaveProperty('strict-transport-security');
  });

  it('of errors inside tell a trace id and nothing else; the log tells the rest', async () => {
    world.fail(new Error('ENOSPC /home/secret/path'));
    const { status, body, text } = await call('operate', 'POST', url, command);
    world.fail(null);
    const { traceId } = body as { traceId: string };
    expect([status, text.includes('secret'), text.includes('ENOSPC')]).toEqual([500, false, false]);
    expect(world.notes.find((note) => note.kind === 'log' && note.facts?.traceId === traceId)).toMatchObject({
      level: 'error',
      facts: { cause: 'ENOSPC /home/secret/path', route: url },
    });
  });

  it("carry the caller's trace", async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const answer = await raw('operate', {
      method: 'POST',
      url,
      payload: JSON.stringify({ ...command, id: 'traced' }),
      headers: { 'content-type': 'application/json', traceparent },
    });
    expect(answer.status).toBe(200);
    expect(world.sent.at(-1)).toMatchObject({ id: 'traced', traceparent });
    const problem = await raw('read', { method: 'GET', url: '/api/v1/nothing', headers: { traceparent } });
    expect(problem.body).toMatchObject({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736' });
  });
});
