import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromMs, type Instant, instant, plus, toMs } from '../../src/core/instant.ts';
import { countSlots, cron, every, isSlot, nextSlot, previousSlot, slotsBetween, validateTimetable } from '../../src/core/slots.ts';
import { segmentAt } from '../../src/core/zone.ts';
import { slotsByBruteForce } from './slots-by-brute-force.ts';

const between = (expression: string, zone: string, after: string, to: string): string[] =>
  slotsBetween(cron(expression), zone, instant(after), instant(to), 2_000).map((slot) => slot.slice(5, 16));

describe('spring gap, Europe/Paris 2026-03-29 (02:00 to 03:00 do not exist)', () => {
  const day = ['2026-03-28T23:00Z', '2026-03-29T21:59Z'] as const;
  it('runs a fixed time in the gap once, at the first valid instant', () =>
    expect(between('30 2 * * *', 'Europe/Paris', ...day)).toEqual(['03-29T01:00']));
  it('runs a step inside the gap hour once instead of losing the day', () =>
    expect(between('*/15 2 * * *', 'Europe/Paris', ...day)).toEqual(['03-29T01:00']));
  it('has no hole and no double for every 30 minutes', () =>
    expect(between('*/30 * * * *', 'Europe/Paris', '2026-03-29T00:00Z', '2026-03-29T02:00Z')).toEqual([
      '03-29T00:30',
      '03-29T01:00',
      '03-29T01:30',
      '03-29T02:00',
    ]));
});

describe('autumn overlap, Europe/Paris 2026-10-25 (02:00 to 03:00 come twice)', () => {
  const day = ['2026-10-24T22:00Z', '2026-10-25T22:59Z'] as const;
  it('runs a fixed time once, first pass', () => expect(between('30 2 * * *', 'Europe/Paris', ...day)).toEqual(['10-25T00:30']));
  it('runs two fixed times once each', () =>
    expect(between('0,30 2 * * *', 'Europe/Paris', ...day)).toEqual(['10-25T00:00', '10-25T00:30']));
  it('runs a range of hours once each', () =>
    expect(between('0 2-4 * * *', 'Europe/Paris', ...day)).toEqual(['10-25T00:00', '10-25T02:00', '10-25T03:00']));
  it('leaves no hole when every hour is listed', () => expect(between('0 0-23 * * *', 'Europe/Paris', ...day)).toHaveLength(24));
  it('runs both passes of every 30 minutes', () =>
    expect(between('*/30 * * * *', 'Europe/Paris', '2026-10-24T23:59Z', '2026-10-25T02:00Z')).toHaveLength(5));
});

describe('days on which midnight does not exist', () => {
  it('keeps the day in Santiago', () =>
    expect(between('0 0 * * *', 'America/Santiago', '2026-09-05T12:00Z', '2026-09-07T12:00Z')).toEqual(['09-06T04:00', '09-07T03:00']));
  it('keeps the day in Havana', () =>
    expect(between('0 0 * * *', 'America/Havana', '2026-03-07T12:00Z', '2026-03-09T12:00Z')).toEqual(['03-08T05:00', '03-09T04:00']));
  it('runs the day that Apia jumped over once, at the jump', () =>
    expect(between('0 12 * * *', 'Pacific/Apia', '2011-12-29T12:00Z', '2011-12-31T23:00Z')).toEqual([
      '12-29T22:00',
      '12-30T10:00',
      '12-30T22:00',
      '12-31T22:00',
    ]));
});

describe('expressions', () => {
  it.each(['0 0 * * 0', '0 0 * * 7', '*/5 8-18 * * 1-5', '0 0 1,15 * *', '30 4 * * *', '15 */6 1 * 1'])('takes %s', (expression) =>
    expect(() => validateTimetable(cron(expression), 'UTC')).not.toThrow(),
  );
  it.each(['', '* * * *', '60 * * * *', '* 24 * * *', 'x * * * *', '0 0 30 2 *', `${'1,'.repeat(60)}1 * * * *`])(
    'refuses "%s"',
    (expression) => expect(() => validateTimetable(cron(expression), 'UTC')).toThrow(expect.objectContaining({ code: 'cron-invalid' })),
  );
  it.each(['@daily', '* * * * * * *', '1,,2 * * * *', undefined, 5])('refuses %s, also from a program without types', (expression) =>
    expect(() => validateTimetable(cron(expression as string), 'UTC')).toThrow(expect.objectContaining({ code: 'cron-invalid' })),
  );
  it.each([
    ['5-1 * * * *', 'minute "5-1"'],
    ['0 x * * *', 'hour "x"'],
    ['0 0 */0 * *', 'day of month "*/0"'],
    ['0 0 * 13 *', 'month "13"'],
    ['0 0 * * 8', 'weekday "8"'],
    ['61 0 0 * * *', 'second "61"'],
  ])('names the field of %s', (expression, field) => expect(() => validateTimetable(cron(expression), 'UTC')).toThrow(field));
  it.each(['', '+01:00', 'Mars/Olympus', undefined])('refuses the zone %s', (zone) =>
    expect(() => validateTimetable(cron('0 0 * * *'), zone as string)).toThrow(expect.objectContaining({ code: 'zone-invalid' })),
  );
  it.each(['1.0005s', '40000d'] as const)('refuses every %s', (length) =>
    expect(() => validateTimetable(every(length), 'UTC')).toThrow(expect.objectContaining({ code: 'duration-invalid' })),
  );
  it('refuses an anchor that is no instant', () =>
    expect(() => validateTimetable(every('1h', 'noon' as Instant), 'UTC')).toThrow(expect.objectContaining({ code: 'instant-invalid' })));
  it('keeps whole milliseconds in a length such as 8.2h', () =>
    expect(nextSlot(every('8.2h'), 'UTC', instant('2026-01-01T00:00Z'))).toMatch(/:00\.000Z$/));
  it('finds a slot that comes once in 28 years, either way', () => {
    const rare = cron('0 0 29 2 +1');
    expect(nextSlot(rare, 'Europe/Paris', instant('2016-03-01T00:00Z'))).toBe('2044-02-28T23:00:00.000Z');
    expect(previousSlot(rare, 'Europe/Paris', instant('2044-02-01T00:00Z'))).toBe('2016-02-28T23:00:00.000Z');
  });
  it('counts a year of minutes', () => {
    const [from, to] = [instant('2026-01-01T00:00Z'), instant('2027-01-01T00:00Z')];
    expect(countSlots(cron('* * * * *'), 'UTC', from, to)).toBe(525_600);
    expect(countSlots(cron('* * * * *'), 'Europe/Paris', from, to)).toBe(525_600);
  });
  it('refuses an interval below a second', () =>
    expect(() => validateTimetable(every('500ms'), 'UTC')).toThrow(expect.objectContaining({ code: 'duration-invalid' })));
  it('takes seconds first', () => expect(between('*/20 0 0 * * *', 'UTC', '2026-01-01T00:00:00Z', '2026-01-01T12:00Z')).toHaveLength(2));
  it('ORs day and weekday', () =>
    expect(between('0 0 13 * 5', 'UTC', '2026-02-01T00:00Z', '2026-02-28T00:00Z')).toEqual([
      '02-06T00:00',
      '02-13T00:00',
      '02-20T00:00',
      '02-27T00:00',
    ]));
  it('counts intervals from their anchor', () =>
    expect(
      slotsBetween(every('10m', instant('2026-01-01T00:03Z')), 'UTC', instant('2026-01-01T00:00Z'), instant('2026-01-01T00:30Z'), 9),
    ).toEqual(['2026-01-01T00:03:00.000Z', '2026-01-01T00:13:00.000Z', '2026-01-01T00:23:00.000Z']));
});

/** Every change of a zone's offset in three years: when, and by how much. */
const changesOf = (zone: string, firstYear: number): { at: number; by: number }[] => {
  const changes: { at: number; by: number }[] = [];
  const end = Date.UTC(firstYear + 3, 0, 1);
  for (let segment = segmentAt(zone, Date.UTC(firstYear, 0, 1)); segment.end < end; segment = segmentAt(zone, segment.end)) {
    const { offset } = segmentAt(zone, segment.end);
    if (offset !== segment.offset) changes.push({ at: segment.end, by: offset - segment.offset });
  }
  return changes;
};

const hour = 3_600_000;
const zones = ['UTC', 'Europe/Paris', 'America/New_York', 'America/Santiago', 'America/Havana', 'Australia/Lord_Howe', 'Asia/Tokyo'];
const expressions = [
  '*/15 * * * *',
  '30 2 * * *',
  '0 0 * * *',
  '0 0-23 * * *',
  '*/20 2 * * *',
  '0,30 1-3 * * *',
  '5 4 1 * 0',
  '0 */6 * * *',
  '*/30 * * * * *',
];

describe('laws', () => {
  const anyCase = fc.record({
    zone: fc.constantFrom(...zones),
    expression: fc.constantFrom(...expressions),
    at: fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2027, 11, 31) }),
  });
  it('next and previous are inverse, and every slot is a slot', () => {
    fc.assert(
      fc.property(anyCase, ({ zone, expression, at }) => {
        const slot = nextSlot(cron(expression), zone, fromMs(at)) as Instant;
        expect(isSlot(cron(expression), zone, slot)).toBe(true);
        expect(previousSlot(cron(expression), zone, plus(slot, 1))).toBe(slot);
        const before = previousSlot(cron(expression), zone, slot) as Instant;
        expect(nextSlot(cron(expression), zone, before)).toBe(slot);
        expect(toMs(before)).toBeLessThanOrEqual(at);
      }),
      { numRuns: 400 },
    );
  });
  it('counts what it lists', () => {
    fc.assert(
      fc.property(anyCase, fc.integer({ min: 1, max: 40 * 3_600_000 }), ({ zone, expression, at }, length) => {
        expect(countSlots(cron(expression), zone, fromMs(at), fromMs(at + length))).toBe(
          slotsBetween(cron(expression), zone, fromMs(at), fromMs(at + length), 10_000).length,
        );
      }),
      { numRuns: 60 },
    );
  });
  it('agrees with a minute by minute reading of the rules around every clock change', () => {
    const changing = zones.filter((zone) => zone !== 'UTC' && zone !== 'Asia/Tokyo');
    const changes = [...changing.map((zone) => [zone, 2025] as const), ['Pacific/Apia', 2010] as const].flatMap(([zone, year]) =>
      changesOf(zone, year).map((change) => ({ zone, ...change })),
    );
    expect(changes.length).toBeGreaterThan(30);
    const field = (...values: string[]) => fc.constantFrom(...values);
    const expression = fc
      .tuple(
        field('*', '*/15', '0', '5', '30', '0,30', '10-20'),
        field('*', '0', '2', '3', '*/2', '0-23', '1-3'),
        field('*', '1', '*/2'),
        field('*', '0', '1-5'),
      )
      .map(([minute, hours, day, weekday]) => `${minute} ${hours} ${day} * ${weekday}`);
    fc.assert(
      fc.property(fc.constantFrom(...changes), expression, ({ zone, at }, text) => {
        const [from, to] = [fromMs(at - 20 * hour), fromMs(at + 28 * hour)];
        const expected = slotsByBruteForce(text, zone, from, to);
        const backwards: Instant[] = [];
        for (
          let slot = previousSlot(cron(text), zone, plus(to, 1));
          slot !== null && slot > from;
          slot = previousSlot(cron(text), zone, slot)
        )
          backwards.unshift(slot);
        expect(slotsBetween(cron(text), zone, from, to, 10_000).join()).toBe(expected.join());
        expect(backwards.join()).toBe(expected.join());
        expect(countSlots(cron(text), zone, from, to)).toBe(expected.length);
        expect(expected.every((slot) => isSlot(cron(text), zone, slot) && !isSlot(cron(text), zone, plus(slot, 1)))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
  const intervalLike = [
    '*/15 * * * *',
    '* * * * *',
    '5 * * * *',
    '7-59/20 * * * *',
    '0 0-23 * * *',
    '0 */2 * * *',
    '*/15 2 * * *',
    '0 */6 * * *',
  ];
  it.each([...zones.map((zone) => [zone, 2025] as const), ['Pacific/Apia', 2010] as const])(
    'leaves no hole in an interval-like schedule in %s over three years of clock changes from %i',
    (zone, year) => {
      for (const expression of intervalLike)
        for (const { at, by } of zone === 'Asia/Tokyo' || zone === 'UTC' ? [{ at: Date.UTC(year, 3, 1), by: 0 }] : changesOf(zone, year)) {
          const [from, to] = [fromMs(at - 50 * hour), fromMs(at + 50 * hour)];
          // Read in UTC the same expression shows its longest step without clock changes.
          const longest = (inZone: string): number => {
            const slots = slotsBetween(cron(expression), inZone, from, to, 10_000).map(toMs);
            return Math.max(...slots.slice(1).map((slot, index) => slot - slots[index]!));
          };
          const step = longest('UTC');
          // Where the repeated stretch is no multiple of the step (20 minutes on Lord Howe, 2 hours anywhere), one wait is longer:
          // a slot keeps to the wall clock, and the wall clock stood still for that long.
          const repeated = Math.max(0, -by);
          const allowed = repeated % step === 0 ? step : step < repeated ? repeated : step + repeated;
          expect(longest(zone), `${expression} ${from}`).toBeLessThanOrEqual(allowed);
        }
    },
  );
});
