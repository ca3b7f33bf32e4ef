import { describe, expect, it } from 'vitest';
import { CarillonError } from '../../src/core/errors.ts';
import { createApi } from './support/api.ts';

const api = await createApi();
const { world, call, raw } = api;
const url = '/api/v1/commands';
const donation = (id: string, to = `giving.escrow-${id}`) => ({
  id,
  to,
  type: 'SendDonation',
  data: { donor: 'd', recipient: 'r', cents: 5 },
});

describe('one command', () => {
  it('is answered when durable, stamped at arrival, and done once', async () => {
    const first = await call('operate', 'POST', url, donation('a'));
    const again = await call('operate', 'POST', url, donation('a'));
    expect(first.body).toEqual({
      id: 'a',
      kind: 'accepted',
      stream: 'giving.escrow-a',
      rule: 'donation-sent',
      events: ['DonationSent'],
      revision: 0,
      position: expect.any(String),
    });
    expect(again.body).toEqual({ ...(first.body as object), repeated: true });
    const { events } = await world.store.read('giving.escrow-a');
    expect(events).toHaveLength(1);
    expect(events[0]?.metadata).toMatchObject({ asOf: world.clock.now(), by: 'the-operate', causationId: 'a' });
  });

  it('answers 409 to the same id with another payload', async () => {
    const { status, body } = await call('operate', 'POST', url, { ...donation('a'), data: { donor: 'd', recipient: 'r', cents: 6 } });
    expect([status, (body as { code: string }).code]).toEqual([409, 'command-id-reused']);
  });

  it('answers 422 with the rule and the facts when a rule refuses', async () => {
    await call('operate', 'POST', url, { id: 'b', to: 'giving.escrow-a', type: 'ConfirmReceipt', data: {} });
    const { status, body } = await call('operate', 'POST', url, {
      id: 'c',
      to: 'giving.escrow-a',
      type: 'SendDonation',
      data: { donor: 'd', recipient: 'r', cents: 5 },
    });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'rejected', rule: 'already-sent', detail: 'Refused by rule already-sent' });
  });

  it('takes asOf only in an import', async () => {
    const { body } = await call('operate', 'POST', url, { ...donation('d'), asOf: '2026-11-24T00:00:00Z' });
    expect(body).toMatchObject({ status: 400, detail: 'asOf is only allowed in an import' });
  });

  it('that is for admins asks for one, and its reason is recorded', async () => {
    const early = { id: 'e', to: 'giving.escrow-a', type: 'ReleaseEscrowEarly', data: { reason: 'hardship' } };
    expect((await call('operate', 'POST', url, early)).status).toBe(403);
    expect((await call('admin', 'POST', url, early)).body).toMatchObject({ kind: 'accepted', rule: 'released-early' });
    expect(world.sent.at(-1)).toMatchObject({ by: 'the-admin', reason: 'hardship' });
  });

  it('whose answer did not come is told as unknown, to be sent again', async () => {
    world.fail(new CarillonError('answer-unknown', 'No answer came within 30 s'));
    const { status, body } = await call('operate', 'POST', url, donation('f'));
    world.fail(null);
    expect([status, body]).toMatchObject([
      504,
      { code: 'answer-unknown', next: 'Send the same command with the same id again: it happens once.' },
    ]);
  });

  it('to an erased stream is answered 410', async () => {
    await call('operate', 'POST', url, donation('gone'));
    expect((await call('operate', 'DELETE', '/api/v1/streams/giving.escrow-gone?reason=asked')).status).toBe(403);
    expect((await call('admin', 'DELETE', '/api/v1/streams/giving.escrow-gone')).body).toMatchObject({
      status: 400,
      detail: 'reason is missing',
    });
    expect((await call('admin', 'DELETE', '/api/v1/streams/giving.escrow-gone?reason=asked')).body).toEqual({
      stream: 'giving.escrow-gone',
      status: 'erased',
    });
    expect((await call('operate', 'POST', url, { ...donation('gone'), id: 'after' })).body).toMatchObject({
      status: 410,
      code: 'stream-erased',
    });
    expect((await call('read', 'GET', '/api/v1/streams/giving.escrow-gone')).body).toMatchObject({ status: 410 });
  });
});

describe('a batch', () => {
  it('answers each command in order, whatever becomes of the others', async () => {
    const { status, body } = await call('operate', 'POST', url, {
      commands: [
        donation('k1'),
        donation('k2', 'giving.escrow-k1'),
        { ...donation('k1'), data: { donor: 'x', recipient: 'y', cents: 1 } },
        donation('k3'),
      ],
    });
    expect(status).toBe(200);
    expect((body as { answers: object[] }).answers).toMatchObject([
      { id: 'k1', kind: 'accepted', revision: 0 },
      { id: 'k2', kind: 'rejected', code: 'rejected', rule: 'already-sent' },
      { id: 'k1', kind: 'failed', code: 'command-id-reused' },
      { id: 'k3', kind: 'accepted' },
    ]);
  });

  it.each([
    [
      'a bad command, named by its place',
      { commands: [donation('m1'), { ...donation('m2'), x: 1 }] },
      'commands.1: x is not a known field',
    ],
    ['an unknown field beside the list', { commands: [donation('m1')], mode: 'x' }, 'mode is not a known field'],
    ['an empty list', { commands: [] }, 'commands must hold 1 to 1000 commands'],
    [
      'more than 1,000',
      { commands: Array.from({ length: 1_001 }, (_, index) => donation(`n${index}`)) },
      'commands must hold 1 to 1000 commands',
    ],
  ])('is refused whole for %s', async (_, body, detail) => {
    const before = world.sent.length;
    expect((await call('operate', 'POST', url, body)).body).toMatchObject({ status: 400, detail });
    expect(world.sent.length).toBe(before);
  });

  it('may be 1,000 commands and far over 64 KiB', async () => {
    const { body } = await call('operate', 'POST', url, { commands: Array.from({ length: 1_000 }, (_, index) => donation(`z${index}`)) });
    expect((body as { answers: { kind: string }[] }).answers.filter((answer) => answer.kind === 'accepted')).toHaveLength(1_000);
  });
});

describe('imports', () => {
  const start = (payload: string, query = 'name=facts&reason=first', sender: 'operate' | 'admin' = 'operate') =>
    raw(sender, { method: 'POST', url: `/api/v1/imports?${query}`, payload, headers: { 'content-type': 'application/x-ndjson' } });
  const line = (id: string, more: object = {}) => `${JSON.stringify({ ...donation(id), asOf: '2026-11-20T10:00:00Z', ...more })}\n`;

  it('are taken with their instants, and run behind', async () => {
    const { status, headers, body } = await start(line('i1') + line('i2'));
    expect([status, headers.location]).toEqual([202, '/api/v1/imports/facts']);
    expect(body).toEqual({ id: 'facts', status: 'running', lines: 2, done: 0, cursor: null, held: 0 });
    expect((await call('read', 'GET', '/api/v1/imports/facts')).body).toEqual(body);
    expect((await call('read', 'GET', '/api/v1/imports/nope')).status).toBe(404);
  });

  it.each([
    ['a malformed line', `${line('i1')}\n{"id":\n`, 'line 3: This is not valid JSON'],
    ['an unknown field', line('i1') + line('i2', { by: 'me' }), 'line 2: by is not a known field'],
    ['a wrong type', line('i1', { data: { donor: 'd', recipient: 'r', cents: '5' } }), 'line 1: data.cents must be integer'],
    ['no line at all', '\n', 'The file has no lines'],
  ])('with %s are refused whole, the line named', async (_, text, detail) => {
    expect((await start(text)).body).toMatchObject({ status: 400, code: 'import-invalid', detail });
  });

  it('need a name, a reason, NDJSON, and an admin for what only admins may send', async () => {
    expect((await start(line('i1'), 'name=facts')).body).toMatchObject({ status: 400, detail: 'reason is missing' });
    expect((await start(line('i1'), 'name=../x&reason=r')).status).toBe(400);
    expect((await call('operate', 'POST', '/api/v1/imports?name=x&reason=r', {})).status).toBe(415);
    const early = line('i3', { type: 'ReleaseEscrowEarly', data: { reason: 'r' } });
    expect((await start(early)).status).toBe(403);
    expect((await start(early, 'name=early&reason=r', 'admin')).status).toBe(202);
  });
});
