import { describe, expect, it } from 'vitest';
import { isTypePattern, wantsType } from '../../src/contexts/engine/webhook/type-pattern.ts';
import { urlFault } from '../../src/contexts/engine/webhook/url-fault.ts';
import { webhook } from '../../src/contexts/engine/webhook/webhook.ts';
import { instant } from '../../src/core/instant.ts';
import { given } from '../../src/testing/given.ts';

const create = { type: 'CreateWebhook' as const, data: { url: 'https://example.org/hooks', types: ['giving.*'], secret: 'a' } };
const at = (hour: number) => instant(`2026-11-24T${String(hour).padStart(2, '0')}:00:00.000Z`);

describe('a webhook', () => {
  it('is made once, rotated with an overlap of 24 hours, disabled, enabled, and removed for good', () => {
    given(webhook, [])
      .when({ type: 'RotateWebhookSecret', data: { secret: 'b' } }, at(0))
      .then({ rejected: 'webhook-unknown' })
      .when(create, at(0))
      .then([{ type: 'WebhookCreated', data: { ...create.data, createdAt: at(0) } }])
      .when(create, at(1))
      .then({ rejected: 'webhook-exists' })
      .when({ type: 'RotateWebhookSecret', data: { secret: 'b' } }, at(2))
      .then([{ type: 'WebhookSecretRotated', data: { secret: 'b', oldUntil: instant('2026-11-25T02:00:00.000Z') } }])
      .when({ type: 'EnableWebhook', data: {} }, at(3))
      .then({ rejected: 'not-disabled' })
      .when({ type: 'DisableWebhook', data: { because: 'their wish' } }, at(3))
      .then({ accepted: 'disabled' })
      .when({ type: 'DisableWebhook', data: { because: 'again' } }, at(3))
      .then({ rejected: 'already-disabled' })
      .when({ type: 'EnableWebhook', data: {} }, at(4))
      .then({ accepted: 'enabled' })
      .when({ type: 'RemoveWebhook', data: {} }, at(5))
      .then({ accepted: 'removed' })
      .when({ type: 'EnableWebhook', data: {} }, at(6))
      .then({ rejected: 'webhook-unknown' })
      .when(create, at(7))
      .then({ rejected: 'webhook-exists' });
  });

  it('keeps the secret before only: an older one signs nothing', () => {
    const secrets = ['a', 'b', 'c'].map((secret) => ({ type: 'WebhookSecretRotated' as const, data: { secret, oldUntil: at(1) } }));
    const state = secrets.reduce(webhook.evolve, webhook.initial);
    expect(state).toMatchObject({ secret: 'c', old: { secret: 'b' } });
  });
});

describe('what it may be', () => {
  it.each(['https://example.org', 'https://example.org:8443/a?b=c', 'http://localhost:3000/', 'http://127.0.0.1/x', 'http://[::1]:80/'])(
    '%s may be an address',
    (url) => expect(urlFault(url)).toBeNull(),
  );
  it.each([
    'http://example.org',
    'http://127.0.0.2/',
    'http://localhost.example.org/',
    'https://u@h/',
    'https://u:p@h/',
    'https://h/#f',
    'ws://h/',
    '',
    `https://h/${'x'.repeat(1_000)}`,
  ])('%s may not', (url) => expect(urlFault(url)).not.toBeNull());

  it('patterns name types, categories, contexts or all, and nothing in between', () => {
    for (const good of ['*', 'giving.*', 'giving.escrow.*', 'giving.escrow.EscrowReleased']) expect(isTypePattern(good), good).toBe(true);
    for (const bad of ['', '**', 'giving', 'giving.escrow', 'giv*', 'giving.*.EscrowReleased', 'giving.escrow.Escrow*', 'Giving.*', '.*'])
      expect(isTypePattern(bad), bad).toBe(false);
    const type = 'giving.escrow.EscrowReleased';
    for (const pattern of ['*', 'giving.*', 'giving.escrow.*', type]) expect(wantsType(['quiz.*', pattern], type), pattern).toBe(true);
    for (const pattern of ['giving.wallet.*', 'giving.escrow.EscrowRefunded', 'quiz.*'])
      expect(wantsType([pattern], type), pattern).toBe(false);
    expect(wantsType(['giving.*'], 'givingness.x.Y')).toBe(false);
  });
});
