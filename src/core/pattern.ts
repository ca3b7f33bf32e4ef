import { Cron as Croner } from 'croner';
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

const dayMs = 86_400_000;
const maxLength = 100;
const maxPatterns = 5_000;
const patterns = new Map<string, Pattern>();

const croner = (expression: string): Croner => {
  if (expression.length > maxLength)
    throw new CarillonError('cron-invalid', `schedule: a cron expression has at most ${maxLength} characters`);
  try {
    return new Croner(expression, { timezone: 'UTC', paused: true, mode: '5-or-6-parts' });
  } catch (error) {
    throw new CarillonError('cron-invalid', `schedule "${expression}": ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** The numbers that a seconds, minute or hour field stands for; croner has checked it before. */
const numbersOf = (field: string, size: number): readonly number[] => {
  const found = new Set<number>();
  for (const part of field.replaceAll('?', '*').split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [low = '', high] = range.split('-');
    const first = low === '*' ? 0 : Number(low);
    const last = low === '*' ? size - 1 : high !== undefined ? Number(high) : part.includes('/') ? size - 1 : first;
    for (let number = first; number <= last; number += Number(step)) found.add(number);
  }
  return [...found].sort((a, b) => a - b);
};

const below = (numbers: readonly number[], limit: number): number => {
  const index = numbers.findIndex((number) => number >= limit);
  return index === -1 ? numbers.length : index;
};

/** How many of the day's times lie before a time of day in milliseconds. */
const timesBefore = (hours: readonly number[], minutes: readonly number[], seconds: readonly number[], timeMs: number): number => {
  const time = Math.ceil(timeMs / 1000);
  const [hour, minute, second] = [Math.floor(time / 3600), Math.floor(time / 60) % 60, time % 60];
  let count = below(hours, hour) * minutes.length * seconds.length;
  if (hours.includes(hour)) count += below(minutes, minute) * seconds.length + (minutes.includes(minute) ? below(seconds, second) : 0);
  return count;
};

const compile = (expression: string): Pattern => {
  const cron = croner(expression);
  const fields = expression.trim().split(/\s+/);
  const [secondField, minuteField, hourField, ...dayFields] = fields.length === 6 ? fields : ['0', ...fields];
  const hours = numbersOf(hourField!, 24);
  const minutes = numbersOf(minuteField!, 60);
  const seconds = numbersOf(secondField!, 60);
  const days = croner(`0 0 ${dayFields.join(' ')}`);
  const stepped = [secondField!, minuteField!, hourField!].some((field) => /[*/?]/.test(field));
  const perDay = hours.length * minutes.length * seconds.length;

  const wholeDays = (from: number, to: number): number => {
    let count = 0;
    for (let day = days.nextRun(new Date(from - 1)); day !== null && day.getTime() < to; day = days.nextRun(day)) count += 1;
    return count;
  };
  const partOfDay = (day: number, from: number, to: number): number => {
    if (days.nextRun(new Date(day - 1))?.getTime() !== day) return 0;
    return timesBefore(hours, minutes, seconds, to - day) - timesBefore(hours, minutes, seconds, from - day);
  };

  return {
    intervalLike: stepped || hours.length === 24,
    from: (local) => cron.nextRun(new Date(local - 1))?.getTime() ?? null,
    before: (local) => cron.previousRuns(1, new Date(Math.ceil(local / 1000) * 1000))[0]?.getTime() ?? null,
    count: (from, to) => {
      const [firstDay, lastDay] = [Math.floor(from / dayMs) * dayMs, Math.floor(to / dayMs) * dayMs];
      if (firstDay === lastDay) return partOfDay(firstDay, from, to);
      return partOfDay(firstDay, from, firstDay + dayMs) + wholeDays(firstDay + dayMs, lastDay) * perDay + partOfDay(lastDay, lastDay, to);
    },
  };
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
