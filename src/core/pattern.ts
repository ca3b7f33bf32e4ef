import { CronPattern } from 'croner';
import { below, type Days, daysOf } from './days.ts';
import { CarillonError } from './errors.ts';

/** A cron expression read as wall-clock times, as if the clock never changed: the times are milliseconds "in UTC". */
export type Pattern = {
  /** A wildcard or step in seconds, minute or hour, or every hour listed: never a hole, never lost in an overlap. */
  readonly intervalLike: boolean;
  /** The first time at or after `local`; null when there is none. */
  from(local: number): number | null;
  /** The last time before `local`; null when there is none. */
  before(local: number): number | null;
  /** How many times lie in [from, to). */
  count(from: number, to: number): number;
};

const daySeconds = 86_400;
const maxLength = 100;
const maxPatterns = 5_000;
const patterns = new Map<string, Pattern>();
const fieldNames = ['second', 'minute', 'hour', 'day of month', 'month', 'weekday'];

const refusal = (expression: string, why: string): CarillonError => new CarillonError('cron-invalid', `schedule "${expression}": ${why}`);

const parse = (fields: readonly string[]): CronPattern => new CronPattern(fields.join(' '), undefined, { mode: '6-part' });

/** croner often says what is wrong but not where, so each field is tried alone among wildcards. */
const wrongField = (fields: readonly string[]): string => {
  for (const [index, field] of fields.entries()) {
    try {
      parse(fields.map((_, other) => (other === index ? field : '*')));
    } catch {
      return `${fieldNames[index]} "${field}" is not valid`;
    }
  }
  return 'not a cron expression';
};

/** The six fields, seconds first. croner's nicknames (`@daily`) are not among what Carillon takes. */
const fieldsOf = (expression: string): readonly string[] => {
  if (typeof expression !== 'string') throw refusal(String(expression).slice(0, 40), 'not text');
  if (expression.length > maxLength) throw refusal(`${expression.slice(0, 40)}...`, `more than ${maxLength} characters`);
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) throw refusal(expression, 'a cron expression has five fields, or six with seconds first');
  return fields.length === 6 ? fields : ['0', ...fields];
};

type Marks = readonly number[];
const marked = (marks: Marks): readonly number[] => [...marks.keys()].filter((at) => marks[at]);

/**
 * The times of one day, in seconds after its midnight, numbered from 0: every hour times every minute times every second.
 * Takes croner's marks and not its pattern, which would hold 80 KB of years for as long as the expression is kept.
 */
const timesOf = (hour: Marks, minute: Marks, second: Marks) => {
  const [hours, minutes, seconds] = [marked(hour), marked(minute), marked(second)];
  const perHour = minutes.length * seconds.length;
  return {
    perDay: hours.length * perHour,
    /** How many of them lie before `time`. */
    before: (time: number): number => {
      const [atHour, atMinute] = [Math.floor(time / 3600), Math.floor(time / 60) % 60];
      const full = below(hours, atHour) * perHour;
      if (!hour[atHour]) return full;
      return full + below(minutes, atMinute) * seconds.length + (minute[atMinute] ? below(seconds, time % 60) : 0);
    },
    at: (index: number): number =>
      hours[Math.floor(index / perHour)]! * 3600 +
      minutes[Math.floor(index / seconds.length) % minutes.length]! * 60 +
      seconds[index % seconds.length]!,
  };
};

const patternFrom = (times: ReturnType<typeof timesOf>, days: Days, intervalLike: boolean): Pattern => {
  const split = (local: number): [day: number, time: number] => {
    const second = Math.ceil(local / 1000);
    const day = Math.floor(second / daySeconds);
    return [day, second - day * daySeconds];
  };
  const ms = (day: number, index: number): number => (day * daySeconds + times.at(index)) * 1000;
  const begun = (day: number, time: number): number => (days.from(day) === day ? times.before(time) : 0);
  return {
    intervalLike,
    from: (local) => {
      const [today, time] = split(local);
      const first = days.from(today);
      const index = first === today ? times.before(time) : 0;
      if (first !== null && index < times.perDay) return ms(first, index);
      const next = days.from(today + 1);
      return next === null ? null : ms(next, 0);
    },
    before: (local) => {
      const [today, time] = split(local);
      const index = begun(today, time);
      if (index > 0) return ms(today, index - 1);
      const last = days.before(today);
      return last === null ? null : ms(last, times.perDay - 1);
    },
    count: (from, to) => {
      const [[firstDay, firstTime], [lastDay, lastTime]] = [split(from), split(to)];
      return days.count(firstDay, lastDay) * times.perDay + begun(lastDay, lastTime) - begun(firstDay, firstTime);
    },
  };
};

const compile = (expression: string): Pattern => {
  const fields = fieldsOf(expression);
  let croner: CronPattern;
  try {
    croner = parse(fields);
  } catch (error) {
    throw refusal(expression, `${wrongField(fields)} (${error instanceof Error ? error.message : String(error)})`);
  }
  const stepped = fields.slice(0, 3).some((field) => /[*/?]/.test(field));
  const times = timesOf(croner.hour, croner.minute, croner.second);
  return patternFrom(times, daysOf(fields.slice(3).join(' ').toUpperCase()), stepped || croner.hour.every(Boolean));
};

/** Reads and checks a cron expression; compiled ones are kept. Throws `cron-invalid`. */
export const patternOf = (expression: string): Pattern => {
  const known = patterns.get(expression);
  if (known !== undefined) return known;
  const pattern = compile(expression);
  if (patterns.size >= maxPatterns) patterns.clear();
  patterns.set(expression, pattern);
  return pattern;
};
