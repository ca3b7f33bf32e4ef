import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { DeliveryWish } from '../../src/contexts/engine/webhook/delivery.ts';
import { webhookStream } from '../../src/contexts/engine/webhook/webhook.ts';
import type { Command } from '../../src/core/command.ts';
import type { NewEvent, StreamName } from '../../src/core/event.ts';
import { type Instant, plus, toMs } from '../../src/core/instant.ts';
import type { Json } from '../../src/core/json.ts';
import { deliver, type Post, type PostResult, secretSubject } from '../../src/publish/deliver.ts';
import { webhookSecret } from '../../src/publish/sign.ts';
import { released } from './samples.ts';

const system = createSystemClock();
const hook = '00000000000000aa';
const secrets = {
  one: webhookSecret('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo'),
  two: webhookSecret('QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY'),
};
const ok: PostResult = { kind: 'answered', status: 200, retryAfter: null, ms: 3 };

/** A webhook with an event to send, and what an answer of the endpoint leads to. */
const world = async (answer: PostResult = ok) => {
  const start = system.now();
  let now: Instant = start;
  const store = createMemoryEventStore({ clock: system });
  let made = 0;
  const append = async (stream: StreamName, type: string, data: Json): Promise<void> => {
    const page = await store.read(stream);
    const event: NewEvent = { ...released, id: `event-${++made}`, type, data };
    const { id, metadata } = event;
    const expected = typeof page.head === 'number' ? page.head : 'no-stream';
    expect(await store.append({ stream, events: [{ id, metadata, type, data }], expected })).toMatchObject({ ok: true });
  };
  await append(webhookStream(hook), 'WebhookCreated', { url: 'https://example.org/h', types: ['*'], secret: 'one', createdAt: start });
  const posts: Parameters<Post>[0][] = [];
  const commands: Command[] = [];
  const vault = new Map<string, Record<string, string>>([[secretSubject(hook), { ...secrets }]]);
  const deps = {
    store,
    clock: { now: () => now },
    commands: {
      send: async (command: Command) => {
        commands.push(command);
        return { kind: 'ignored', stream: command.to, rule: 'test' } as const;
      },
    },
    post: async (request: Parameters<Post>[0]) => {
      posts.push(request);
      return answer;
    },
  };
  const wish: DeliveryWish = {
    webhook: hook,
    event: 'event-2',
    type: 'giving.escrow.EscrowReleased',
    at: { stream: 'giving.escrow-7f3a', revision: 0 },
    envelope: null,
    again: false,
  };
  const call = (attempt = 1, more: Partial<DeliveryWish> = {}) =>
    deliver(deps, {
      key: 'event-2',
      data: { ...wish, ...more },
      attempt,
      signal: new AbortController().signal,
      vault: { get: async (subject) => vault.get(subject) ?? null, scrub: async () => undefined, erase: async () => undefined },
      eraseStream: async () => Promise.reject(new Error('not here')),
    });
  const later = (ms: number): void => {
    now = plus(start, ms);
  };
  return { store, posts, commands, vault, append, call, start, later };
};

const release = { donor: 'd1', recipient: 'r1', cents: '2500', early: false, reason: null };

describe('one try of a delivery', () => {
  it('sends the event under its own id, signed', async () => {
    const { append, call, posts } = await world();
    await append('giving.escrow-7f3a', 'EscrowReleased', release);
    expect(await call()).toEqual({ kind: 'confirmed', reference: 'HTTP 200 in 3 ms' });
    const [{ url, headers, body }] = posts as [(typeof posts)[0]];
    expect(url).toBe('https://example.org/h');
    expect(new Webhook(secrets.one).verify(body, { ...headers })).toMatchObject({ id: 'event-2', data: release });
  });

  it('signs with the secret before until the overlap ends, and never after', async () => {
    const { append, call, posts, start, later } = await world();
    await append('giving.escrow-7f3a', 'EscrowReleased', release);
    await append(webhookStream(hook), 'WebhookSecretRotated', { secret: 'two', oldUntil: plus(start, 1_000) });
    const signatures = (): number => posts.at(-1)!.headers['webhook-signature']!.split(' ').length;
    await call();
    expect(signatures()).toBe(2);
    later(1_000);
    await call();
    expect(signatures()).toBe(1);
    expect(() => new Webhook(secrets.two).verify(posts.at(-1)!.body, { ...posts.at(-1)!.headers })).not.toThrow();
    expect(() => new Webhook(secrets.one).verify(posts.at(-1)!.body, { ...posts.at(-1)!.headers })).toThrow();
  });

  it.each([
    ['a redirect', { kind: 'answered', status: 302, retryAfter: null, ms: 1 }, 'HTTP 302'],
    ['an error', { kind: 'answered', status: 500, retryAfter: null, ms: 1 }, 'HTTP 500'],
    ['no answer', { kind: 'failed', message: 'no answer within 10000 ms' }, 'no answer within 10000 ms'],
  ] as const)('%s is tried again later', async (_name, answer, message) => {
    const { append, call, start } = await world(answer);
    await append('giving.escrow-7f3a', 'EscrowReleased', release);
    const outcome = (await call(2)) as { retryAt: Instant };
    expect(outcome).toMatchObject({ kind: 'failed', message });
    expect(outcome).not.toHaveProperty('final');
    expect(toMs(outcome.retryAt) - toMs(start)).toBeGreaterThanOrEqual(5 * 60_000);
  });

  it('Retry-After puts the next try off', async () => {
    const { append, call, start } = await world({ kind: 'answered', status: 429, retryAfter: '3600', ms: 1 });
    await append('giving.escrow-7f3a', 'EscrowReleased', release);
    expect(toMs(((await call(1)) as { retryAt: Instant }).retryAt) - toMs(start)).toBeGreaterThanOrEqual(3_600_000);
  });

  it('410 ends it for good and disables the webhook', async () => {
    const { append, call, commands } = await world({ kind: 'answered', status: 410, retryAfter: null, ms: 1 });
    await append('giving.escrow-7f3a', 'EscrowReleased', release);
    expect(await call()).toMatchObject({ kind: 'failed', final: true });
    expect(commands).toMatchObject([{ to: webhookStream(hook), type: 'DisableWebhook' }]);
  });

  it('an address that may not be called is parked', async () => {
    const { append, call } = await world({ kind: 'refused', message: 'inside' });
    await append('giving.escrow-7f3a', 'EscrowReleased', release);
    expect(await call()).toEqual({ kind: 'failed', message: 'inside', final: true });
  });

  it('sends nothing of an erased entity, to a disabled or removed webhook, or unsigned', async () => {
    const erased = await world();
    await erased.append('giving.escrow-7f3a', 'EscrowReleased', release);
    await erased.store.erase('giving.escrow-7f3a');
    expect(await erased.call()).toEqual({ kind: 'confirmed', reference: 'not sent: the event was erased' });
    for (const [type, data] of [
      ['WebhookDisabled', { because: 'x' }],
      ['WebhookRemoved', {}],
    ] as const) {
      const off = await world();
      await off.append('giving.escrow-7f3a', 'EscrowReleased', release);
      await off.append(webhookStream(hook), type, data);
      expect(await off.call()).toMatchObject({ kind: 'confirmed', reference: expect.stringMatching(/^not sent: the webhook is/) });
      expect(off.posts).toEqual([]);
    }
    const unsigned = await world();
    await unsigned.append('giving.escrow-7f3a', 'EscrowReleased', release);
    unsigned.vault.clear();
    expect(await unsigned.call()).toMatchObject({ kind: 'failed', final: true });
    expect([...erased.posts, ...unsigned.posts]).toEqual([]);
  });

  it('a long event goes without its data and says where that is', async () => {
    const { append, call, posts } = await world();
    await append('giving.escrow-7f3a', 'EscrowReleased', { ...release, reason: 'ä'.repeat(20_000) });
    await call();
    const event = JSON.parse(posts[0]!.body) as object;
    expect(Buffer.byteLength(posts[0]!.body)).toBeLessThan(20_000);
    expect(event).toMatchObject({ id: 'event-2', dataref: '/api/v1/streams/giving.escrow-7f3a?from=0&limit=1' });
    expect(event).not.toHaveProperty('data');
  });
});
