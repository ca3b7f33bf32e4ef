import { describe, expect, it } from 'vitest';
import type { TokenEvent } from '../../../src/contexts/engine/token/events.ts';
import { token, tokenFault } from '../../../src/contexts/engine/token/token.ts';
import { instant } from '../../../src/core/instant.ts';
import { given } from '../../../src/testing/given.ts';

const at = '2026-01-25T00:00:00.000Z';
const later = instant('2026-02-25T00:00:00.000Z');
const sha256 = 'a'.repeat(64);
const create = { type: 'CreateToken', data: { name: 'ci', role: 'operate', sha256, expiresAt: later } } as const;
const created: TokenEvent = {
  type: 'TokenCreated',
  data: { name: 'ci', role: 'operate', sha256, createdAt: instant(at), expiresAt: later },
};
const revoke = { type: 'RevokeToken', data: {} } as const;

describe('engine.token', () => {
  it('is created once, with its hash and never its text', () => {
    given(token).when(create, at).then([created]);
    given(token, [created]).when(create, at).then({ rejected: 'token-exists' });
  });

  it('refuses what is no hash, and an expiry in the past', () => {
    given(token)
      .when({ ...create, data: { ...create.data, sha256: 'secret' } }, at)
      .then({ rejected: 'hash-invalid' });
    given(token)
      .when({ ...create, data: { ...create.data, expiresAt: instant(at) } }, at)
      .then({ rejected: 'expiry-past', facts: { expiresAt: at } });
  });

  it('is revoked once and for good', () => {
    given(token, [created])
      .when(revoke, at)
      .then([{ type: 'TokenRevoked', data: {} }]);
    given(token, [created, { type: 'TokenRevoked', data: {} }])
      .when(revoke, at)
      .then({ rejected: 'already-revoked' });
    given(token, [created, { type: 'TokenRevoked', data: {} }])
      .when(create, at)
      .then({ rejected: 'token-exists' });
    given(token).when(revoke, at).then({ rejected: 'token-unknown' });
  });

  it('is good until it expires or is revoked', () => {
    const live = token.evolve(token.initial, created);
    expect(tokenFault(token.initial, instant(at))).toBe('unknown');
    expect(tokenFault(live, instant('2026-02-24T23:59:59.999Z'))).toBeNull();
    expect(tokenFault(live, later)).toBe('expired');
    expect(tokenFault(token.evolve(live, { type: 'TokenRevoked', data: {} }), instant(at))).toBe('revoked');
  });
});
