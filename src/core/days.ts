import { Cron as Croner } from 'croner';

/** The days that the day, month and weekday fields of a cron expression name. A day is a count of days since 1970. */
export type Days = {
  /** The first one at or after `day`; null when there is none. */
  from(day: number): number | null;
  /** The last one before `day`; null when there is none. */
  before(day: number): number | null;
  /** How many lie in [from, to). */
  count(from: number, to: number): number;
};

const dayMs = 86_400_000;
/** Day fields repeat much more than times do: `* * *`, `* * 1-5`, `1 * *` serve most schedules. */
const maxDayFields = 200;
const maxYears = 20;
/** No date and weekday stay apart for longer: a 29 February on a given weekday, over a skipped leap year. */
const maxGapYears = 40;
const [firstYear, lastYear] = [1900, 2999];

const known = new Map<string, Days>();

/** How many of ascending numbers lie below a limit. */
export const below = (numbers: readonly number[], limit: number): number => {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
};

const yearOf = (day: number): number => new Date(day * dayMs).getUTCFullYear();

/** One year's days at a time, each year asked of croner once. */
const yearsOf = (fields: string): ((year: number) => readonly number[]) => {
  // An offset of zero, and not the zone UTC: croner then does without Intl, which is twenty times faster.
  const croner = new Croner(`0 0 0 ${fields}`, { mode: '6-part', utcOffset: 0, paused: true });
  const never = croner.nextRun(new Date(0)) === null;
  const years = new Map<number, readonly number[]>();
  return (year) => {
    const days: number[] = [];
    if (never || year < firstYear || year > lastYear) return days;
    const kept = years.get(year);
    if (kept !== undefined) return kept;
    const end = Date.UTC(year + 1, 0, 1);
    for (let run = croner.nextRun(new Date(Date.UTC(year, 0, 1) - 1000)); run !== null && run.getTime() < end; run = croner.nextRun(run))
      days.push(run.getTime() / dayMs);
    if (years.size >= maxYears) years.clear();
    years.set(year, days);
    return days;
  };
};

/** Reads the three day fields, which croner has checked before; the most recent ones are kept. */
export const daysOf = (fields: string): Days => {
  const kept = known.get(fields);
  if (kept !== undefined) return kept;
  const inYear = yearsOf(fields);
  const days: Days = {
    from: (day) => {
      const start = yearOf(day);
      for (let year = start; year <= start + maxGapYears; year++) {
        const list = inYear(year);
        const found = list[below(list, day)];
        if (found !== undefined) return found;
      }
      return null;
    },
    before: (day) => {
      const start = yearOf(day);
      for (let year = start; year >= start - maxGapYears; year--) {
        const list = inYear(year);
        const found = list[below(list, day) - 1];
        if (found !== undefined) return found;
      }
      return null;
    },
    count: (from, to) => {
      let count = 0;
      for (let year = yearOf(from); from < to && year <= Math.min(yearOf(to), lastYear); year++)
        count += below(inYear(year), to) - below(inYear(year), from);
      return count;
    },
  };
  if (known.size >= maxDayFields) known.clear();
  known.set(fields, days);
  return days;
};
