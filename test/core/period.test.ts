import { describe, expect, it } from 'vitest';
import { instant } from '../../src/core/instant.ts';
import { periodAfter, periodAt } from '../../src/core/period.ts';

const at = (text: string, kind: 'daily' | 'weekly' | 'monthly', zone?: string) => {
  const { key, endsAt } = periodAt(kind, instant(text), zone);
  return `${key} ${endsAt}`;
};

describe('periods', () => {
  it('holds the instants before its end', () => {
    expect(at('2026-01-25T23:59:59.999Z', 'daily')).toBe('2026-01-25 2026-01-26T00:00:00.000Z');
    expect(at('2026-01-26T00:00:00Z', 'daily')).toBe('2026-01-26 2026-01-27T00:00:00.000Z');
    expect(at('2026-12-31T12:00:00Z', 'monthly')).toBe('2026-12 2027-01-01T00:00:00.000Z');
    expect(at('2028-02-29T12:00:00Z', 'monthly')).toBe('2028-02 2028-03-01T00:00:00.000Z');
  });
  it('weeks are those of ISO 8601', () => {
    expect(at('2026-01-25T12:00:00Z', 'weekly')).toBe('2026-W04 2026-01-26T00:00:00.000Z');
    expect(at('2027-01-03T12:00:00Z', 'weekly')).toBe('2026-W53 2027-01-04T00:00:00.000Z');
    expect(at('2024-12-30T00:00:00Z', 'weekly')).toBe('2025-W01 2025-01-06T00:00:00.000Z');
    expect(at('2023-01-01T00:00:00Z', 'weekly')).toBe('2022-W52 2023-01-02T00:00:00.000Z');
    expect(at('1970-01-01T00:00:00Z', 'weekly')).toBe('1970-W01 1970-01-05T00:00:00.000Z');
  });
  it('days of a zone are 23 and 25 hours long where clocks change', () => {
    expect(at('2026-03-29T10:00:00Z', 'daily', 'Europe/Paris')).toBe('2026-03-29 2026-03-29T22:00:00.000Z');
    expect(at('2026-03-28T23:00:00Z', 'daily', 'Europe/Paris')).toBe('2026-03-29 2026-03-29T22:00:00.000Z');
    expect(at('2026-10-25T10:00:00Z', 'daily', 'Europe/Paris')).toBe('2026-10-25 2026-10-25T23:00:00.000Z');
    expect(at('2026-10-24T22:00:00Z', 'daily', 'Europe/Paris')).toBe('2026-10-25 2026-10-25T23:00:00.000Z');
  });
  it('a day without a midnight begins at its first instant (Santiago), a skipped day is none (Apia)', () => {
    expect(at('2026-09-06T03:59:59.999Z', 'daily', 'America/Santiago')).toBe('2026-09-05 2026-09-06T04:00:00.000Z');
    const last = periodAt('daily', instant('2011-12-30T00:00:00Z'), 'Pacific/Apia');
    expect(last.key).toBe('2011-12-29');
    expect(periodAfter(last, 'Pacific/Apia').key).toBe('2011-12-31');
  });
  it('follows one another without a hole', () => {
    for (const kind of ['daily', 'weekly', 'monthly'] as const) {
      let period = periodAt(kind, instant('2025-12-01T00:00:00Z'));
      for (let step = 0; step < 40; step++) {
        const next = periodAfter(period);
        expect(next.key > period.key && next.endsAt > period.endsAt).toBe(true);
        period = next;
      }
    }
  });
});
