import { fromMs, type Instant, toMs } from '../../src/core/instant.ts';

const minute = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The zone's offset from its printed form: another way than `zone.ts` goes. */
const offsetAt = (zone: string, ms: number): number => {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  formats.set(zone, format);
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(format.format(ms))!;
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * minute;
};

const numbers = (field: string, low: number, high: number): Set<number> => {
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [first, last] = range === '*' ? [low, high] : range.split('-').map(Number);
    for (let number = first!; number <= (last ?? first!); number += Number(step)) found.add(number);
  }
  return found;
};

const matcher = (expression: string): ((local: number) => boolean) => {
  const [minuteField, hourField, dayField, monthField, weekdayField] = expression.split(' ') as [string, string, string, string, string];
  const [minutes, hours, days] = [numbers(minuteField, 0, 59), numbers(hourField, 0, 23), numbers(dayField, 1, 31)];
  const [months, weekdays] = [numbers(monthField, 1, 12), numbers(weekdayField, 0, 6)];
  return (local) => {
    const at = new Date(local);
    if (!minutes.has(at.getUTCMinutes()) || !hours.has(at.getUTCHours()) || !months.has(at.getUTCMonth() + 1)) return false;
    const [day, weekday] = [days.has(at.getUTCDate()), weekdays.has(at.getUTCDay())];
    return dayField === '*' || weekdayField === '*' ? day && weekday : day || weekday;
  };
};

/** The slots in (after, to] of a five-field expression, read from the rules one minute after the other; slow, and shares no code. */
export const slotsByBruteForce = (expression: string, zone: string, after: Instant, to: Instant): Instant[] => {
  const matches = matcher(expression);
  const [minuteField = '', hourField = ''] = expression.split(' ');
  const intervalLike = /[*/]/.test(minuteField + hourField) || numbers(hourField, 0, 23).size === 24;
  const slots: Instant[] = [];
  const seen = new Set<number>();
  const start = toMs(after) - 26 * 60 * minute;
  let before = offsetAt(zone, start - minute);
  for (let ms = start; ms <= toMs(to); ms += minute) {
    const offset = offsetAt(zone, ms);
    let due = matches(ms + offset) && (intervalLike || !seen.has(ms + offset));
    for (let jumped = ms + before; jumped < ms + offset; jumped += minute) due ||= matches(jumped);
    if (due && ms > toMs(after)) slots.push(fromMs(ms));
    seen.add(ms + offset);
    before = offset;
  }
  return slots;
};
