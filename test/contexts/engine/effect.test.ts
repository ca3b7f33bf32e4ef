import { describe, it } from 'vitest';
import { effectDecider } from '../../../src/contexts/engine/effect/effect.ts';
import { defineEffect } from '../../../src/core/effect.ts';
import { instant } from '../../../src/core/instant.ts';
import { given } from '../../../src/testing/given.ts';

const options = { attempts: 2, backoff: { kind: 'constant', first: '2s' }, timeoutSeconds: 30 } as const;
const rules = (idempotent: boolean) =>
  effectDecider(new Map([['giving/pay', defineEffect('giving/pay', async () => undefined, { ...options, idempotent })]]));
const request = { type: 'RequestEffect' as const, data: { effect: 'giving/pay', key: 'escrow a', data: null } };
const start = { type: 'StartEffect' as const, data: {} };
const fail = (attempt: number, final = false) => ({ type: 'FailEffect' as const, data: { attempt, message: 'no money', final } });
const at = (seconds: number) => instant(new Date(Date.UTC(2026, 0, 5) + seconds * 1_000).toISOString());

describe('an effect', () => {
  it('is requested once per key, started before the call, confirmed once', () => {
    given(rules(false))
      .when(request, at(0))
      .then({ accepted: 'requested' })
      .when(request, at(1))
      .then({ ignored: 'already-requested' })
      .when(start, at(1))
      .then([{ type: 'EffectStarted', data: { attempt: 1, giveUpAt: at(41) } }])
      .when(start, at(2))
      .then({ ignored: 'not-due' })
      .when({ type: 'ConfirmEffect', data: { attempt: 1, reference: 'tx1' } }, at(3))
      .then([{ type: 'EffectConfirmed', data: { effect: 'giving/pay', key: 'escrow a', attempt: 1, reference: 'tx1' } }])
      .when({ type: 'ConfirmEffect', data: { attempt: 1, reference: 'tx1' } }, at(4))
      .then({ ignored: 'not-started' })
      .when(start, at(5))
      .then({ ignored: 'not-due' });
  });
  it('that failed is tried again after its backoff, then parked; a replay needs a reason', () => {
    given(rules(false))
      .when(request, at(0))
      .then({ accepted: 'requested' })
      .when(start, at(0))
      .then({ accepted: 'started' })
      .when(fail(1), at(1))
      .then({ accepted: 'call-failed' })
      .when(start, at(2))
      .then({ ignored: 'not-due' })
      .when(start, at(3))
      .then({ accepted: 'started' })
      .when(fail(2), at(4))
      .then({ accepted: 'attempts-exhausted' })
      .when({ type: 'ReplayEffect', data: {} }, at(5))
      .then({ rejected: 'reason-missing' })
      .when({ type: 'ReplayEffect', data: {}, reason: 'account filled' }, at(6))
      .then({ accepted: 'replayed' })
      .when(start, at(6))
      .then({ accepted: 'started' });
  });
  it('refused for good is parked at once', () => {
    given(rules(true))
      .when(request, at(0))
      .then({ accepted: 'requested' })
      .when(start, at(0))
      .then({ accepted: 'started' })
      .when(fail(1, true), at(1))
      .then({ accepted: 'refused-for-good' });
  });
  it('started without an answer is unknown: again only to a provider that does a key once', () => {
    given(rules(true))
      .when(request, at(0))
      .then({ accepted: 'requested' })
      .when(start, at(0))
      .then({ accepted: 'started' })
      .when(start, at(40))
      .then({ accepted: 'outcome-unknown-idempotent' });
    given(rules(false))
      .when(request, at(0))
      .then({ accepted: 'requested' })
      .when(start, at(0))
      .then({ accepted: 'started' })
      .when(start, at(40))
      .then({ accepted: 'outcome-unknown' })
      .when({ type: 'ConfirmEffect', data: { attempt: 1, reference: null } }, at(50))
      .then({ accepted: 'confirmed' });
  });
  it('that this build does not know is parked, not lost', () => {
    given(effectDecider(new Map()))
      .when(request, at(0))
      .then({ accepted: 'requested' })
      .when(start, at(0))
      .then({ accepted: 'effect-unknown' });
  });
});
