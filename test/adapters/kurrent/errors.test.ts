import { describe, expect, it } from 'vitest';
import { isTooLarge, isUnknownOutcome, storeError } from '../../../src/adapters/kurrent/errors.ts';
import { CarillonError } from '../../../src/core/errors.ts';

const failed = (message: string, told: { readonly type?: string; readonly code?: number }): Error =>
  Object.assign(new Error(message), told);
const shown = 'kurrentdb://db.example:2113';

describe('errors of the client', () => {
  it.each([
    ['an append while the server is down', failed('14 UNAVAILABLE', { code: 14 })],
    ['a read while the server is down', failed('', { type: 'unavailable' })],
    ['no answer in time', failed('', { type: 'deadline-exceeded' })],
    ['a call cut by the server', failed('', { type: 'cancelled' })],
    ['a change of the leader', failed('', { type: 'not-leader' })],
  ])('leave the outcome open: %s', (_, error) => {
    expect(isUnknownOutcome(error)).toBe(true);
    expect(storeError(error, shown)).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('CARILLON_KURRENTDB') });
  });

  it.each([
    ['config-invalid', failed('no', { type: 'access-denied' })],
    ['config-invalid', failed('14 UNAVAILABLE: self-signed certificate', { code: 14 })],
    ['payload-too-large', failed('no', { type: 'maximum-append-size-exceeded' })],
    ['payload-too-large', failed('8 RESOURCE_EXHAUSTED', { code: 8 })],
    ['store-unavailable', failed('no idea', { type: 'unknown' })],
  ])('are told as %s', (code, error) => {
    expect(storeError(error, shown)).toMatchObject({ code, cause: error });
  });

  it('knows a refusal from an unknown outcome', () => {
    expect(isUnknownOutcome(failed('9', { type: 'wrong-expected-version', code: 9 }))).toBe(false);
    expect(isTooLarge(failed('3', { type: 'append-record-size-exceeded', code: 3 }))).toBe(true);
  });

  it('leaves our own errors alone', () => {
    const own = new CarillonError('store-closed', 'closed');
    expect(storeError(own, shown)).toBe(own);
  });
});
