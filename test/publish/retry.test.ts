import { describe, expect, it } from 'vitest';
import { instant, toMs } from '../../src/core/instant.ts';
import { deliveryAttempts, readRetryAfter, retryAt } from '../../src/publish/retry.ts';

const now = instant('2026-11-24T00:00:00.000Z');
const waitOf = (attempt: number, asked: number | null = null, key = 'k'): number => toMs(retryAt(key, attempt, now, asked)) - toMs(now);
const dayMs = 86_400_000;

describe('the waits between tries', () => {
  it('are ten tries in three days, each wait longer than the one before', () => {
    expect(deliveryAttempts).toBe(10);
    const waits = Array.from({ length: deliveryAttempts - 1 }, (_, index) => waitOf(index + 1));
    expect(waits[0]).toBeLessThan(6_000);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    const whole = waits.reduce((sum, wait) => sum + wait, 0);
    expect(whole).toBeGreaterThan(2.9 * dayMs);
    expect(whole).toBeLessThan(3.3 * dayMs);
  });

  it('are spread, and the same for the same delivery', () => {
    expect(waitOf(2)).toBe(waitOf(2));
    const many = new Set(Array.from({ length: 200 }, (_, n) => waitOf(2, null, `k${n}`)));
    expect(many.size).toBeGreaterThan(150);
    for (const wait of many) expect(wait >= 300_000 && wait <= 330_000).toBe(true);
  });

  it('Retry-After makes them longer, never shorter, and not for ever', () => {
    expect(waitOf(1, 60_000)).toBeGreaterThanOrEqual(60_000);
    expect(waitOf(2, 1)).toBe(waitOf(2));
    expect(waitOf(1, 400 * dayMs)).toBeLessThan(1.2 * dayMs);
  });

  it('Retry-After is seconds or a date', () => {
    expect(readRetryAfter('120', 0)).toBe(120_000);
    expect(readRetryAfter('Tue, 24 Nov 2026 00:01:00 GMT', toMs(now))).toBe(60_000);
    for (const useless of [null, '', 'soon', '-5', 'Tue, 24 Nov 2020 00:01:00 GMT']) expect(readRetryAfter(useless, toMs(now))).toBeNull();
  });
});
