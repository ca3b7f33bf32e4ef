import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amount, amountText, notNegative, split } from '../../src/core/money.ts';

const invalid = expect.objectContaining({ code: 'money-invalid' });

describe('amounts', () => {
  it('read and write whole minor units', () => expect(amountText(amount('-125'))).toBe('-125'));
  it.each(['', '1.5', '01', '1e3', ' 1', '-0', '1'.repeat(40)])('refuse "%s"', (text) => expect(() => amount(text)).toThrow(invalid));
  it('refuse to fall below zero', () => expect(() => notNegative(-1n, 'the balance')).toThrow(invalid));
});

describe('split', () => {
  it('gives what is left to the largest remainders, then to the earlier', () => {
    expect(split(7n, [5_000n, 2_000n, 3_000n])).toEqual([4n, 1n, 2n]);
    expect(split(1n, [1n, 1n, 1n])).toEqual([1n, 0n, 0n]);
    expect(split(100n, [0n, 1n])).toEqual([0n, 100n]);
  });
  it('refuses weights that are all zero or negative', () => {
    expect(() => split(1n, [0n])).toThrow(invalid);
    expect(() => split(1n, [-1n, 2n])).toThrow(invalid);
    expect(() => split(-1n, [1n])).toThrow(invalid);
  });
  it('adds up to the total, and no part is a unit away from its share', () => {
    const weights = fc
      .array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { minLength: 1, maxLength: 20 })
      .filter((all) => all.some((weight) => weight > 0n));
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), weights, (total, all) => {
        const parts = split(total, all);
        const sum = all.reduce((a, b) => a + b, 0n);
        expect(parts.reduce((a, b) => a + b, 0n)).toBe(total);
        parts.forEach((part, index) => {
          const exact = total * all[index]!;
          expect(part * sum - exact < sum && exact - part * sum < sum).toBe(true);
        });
      }),
    );
  });
});
