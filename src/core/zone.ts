import { CarillonError } from './errors.ts';

/** A stretch of time in which a zone's offset does not change. Instants and offsets in milliseconds. */
export type Segment = {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  /** The offset just before `start`. */
  readonly before: number;
};

/** No zone changed its clock twice within a week since 1970 (shortest: 7 days, Brazil 2000), so a look every 5 days sees every change. */
const lookMs = 5 * 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const years = new Map<string, readonly Segment[]>();
const maxYears = 2_000;
/** More than there are zones: only the same ones in many spellings (`europe/PARIS`) reach it. */
const maxFormats = 1_000;

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  // Intl takes a missing zone for the machine's own, and offsets such as +01:00: neither is an IANA zone.
  if (typeof zone !== 'string' || !/^[A-Za-z]/.test(zone))
    throw new CarillonError('zone-invalid', `zone "${String(zone).slice(0, 40)}" is not a time zone`);
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    if (formats.size >= maxFormats) formats.clear();
    formats.set(zone, format);
    return format;
  } catch {
    throw new CarillonError('zone-invalid', `zone "${zone.slice(0, 40)}" is not a time zone`);
  }
};

/** How far a zone's wall clock is ahead of UTC at an instant. Throws `zone-invalid`. */
export const offsetAt = (zone: string, ms: number): number => {
  const whole = Math.floor(ms / 1000) * 1000;
  const parts = new Map(
    formatOf(zone)
      .formatToParts(whole)
      .map((part) => [part.type, Number(part.value)]),
  );
  const local = Date.UTC(
    parts.get('year')!,
    parts.get('month')! - 1,
    parts.get('day'),
    parts.get('hour'),
    parts.get('minute'),
    parts.get('second'),
  );
  return local - whole;
};

const changeBetween = (zone: string, from: number, to: number): number => {
  let [low, high] = [from, to];
  const offset = offsetAt(zone, low);
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (offsetAt(zone, middle) === offset) low = middle;
    else high = middle;
  }
  return high;
};

const segmentsOf = (zone: string, year: number): readonly Segment[] => {
  const name = `${zone} ${year}`;
  const known = years.get(name);
  if (known !== undefined) return known;
  const [first, last] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)];
  const starts = [first];
  let offset = offsetAt(zone, first);
  for (let look = first; look < last; look += lookMs) {
    const next = offsetAt(zone, look + lookMs);
    if (next === offset) continue;
    const change = changeBetween(zone, look, look + lookMs);
    if (change < last) starts.push(change);
    offset = next;
  }
  const segments = starts.map((start, index) => ({
    start,
    end: starts[index + 1] ?? last,
    offset: offsetAt(zone, start),
    before: offsetAt(zone, start - 1000),
  }));
  if (years.size >= maxYears) years.clear();
  years.set(name, segments);
  return segments;
};

/** The segment that holds an instant; UTC has one for all time. */
export const segmentAt = (zone: string, ms: number): Segment => {
  if (zone === 'UTC') return { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY, offset: 0, before: 0 };
  const segments = segmentsOf(zone, new Date(ms).getUTCFullYear());
  return segments.find((segment) => ms < segment.end) ?? segments.at(-1)!;
};

/** Throws `zone-invalid` unless `zone` is an IANA time zone. */
export const validateZone = (zone: string): void => void formatOf(zone);
