import { CarillonError } from './errors.ts';
import { type Duration, durationMs, fromMs, type Instant, instant, toMs } from './instant.ts';
import { type Pattern, patternOf } from './pattern.ts';
import { type Segment, segmentAt, validateZone } from './zone.ts';

/** Five fields (minute hour day month weekday), or six with seconds first; day and weekday are ORed, 0 and 7 are Sunday. */
export type Cron = { readonly kind: 'cron'; readonly expression: string };
/** Every so long, counted from `anchor` (1970 when absent). */
export type Interval = { readonly kind: 'interval'; readonly every: Duration; readonly anchor?: Instant };
/** When something is due, before a zone is known. */
export type Timetable = Cron | Interval;

export const cron = (expression: string): Cron => ({ kind: 'cron', expression });
export const every = (duration: Duration, anchor?: Instant): Interval => ({
  kind: 'interval',
  every: duration,
  ...(anchor === undefined ? {} : { anchor }),
});

const [minIntervalMs, maxIntervalMs] = [1_000, 36_500 * 86_400_000];
const dayMs = 86_400_000;
/** Enough: each look starts within two days of the next wall-clock time, however rare it is. */
const maxSegments = 60;

const validateInterval = ({ every: length, anchor }: Interval): void => {
  const ms = durationMs(length);
  if (!(ms >= minIntervalMs && ms <= maxIntervalMs)) throw new CarillonError('duration-invalid', 'schedule.every must be 1s to 36500d');
  // A part of a millisecond would be lost in every slot; what is only the rounding of a product (8.2h) is not one.
  if (Math.abs(ms - Math.round(ms)) > 1e-6) throw new CarillonError('duration-invalid', 'schedule.every must be whole milliseconds');
  if (anchor !== undefined) instant(anchor);
};

/** Throws `cron-invalid`, `duration-invalid`, `instant-invalid` (the anchor) or `zone-invalid`, naming the field. */
export const validateTimetable = (timetable: Timetable, zone: string): void => {
  validateZone(zone);
  if (timetable.kind === 'interval') return validateInterval(timetable);
  if (patternOf(timetable.expression).from(0) === null)
    throw new CarillonError('cron-invalid', `schedule "${timetable.expression}" never comes`);
};

const intervalOf = (timetable: Interval): { anchor: number; step: number } => ({
  anchor: timetable.anchor === undefined ? 0 : toMs(timetable.anchor),
  step: Math.round(durationMs(timetable.every)),
});

/** Where a segment's own wall-clock times begin: a fixed time of the repeated hour belongs to its first pass. */
const localStart = (pattern: Pattern, segment: Segment): number =>
  segment.start + (pattern.intervalLike ? segment.offset : Math.max(segment.offset, segment.before));

/** True when wall-clock times were jumped over at the segment's start: they run once, there. */
const gapSlot = (pattern: Pattern, segment: Segment): boolean => {
  if (!(segment.offset > segment.before)) return false;
  const first = pattern.from(segment.start + segment.before);
  return first !== null && first < segment.start + segment.offset;
};

const nextOfPattern = (pattern: Pattern, zone: string, after: number): number | null => {
  let from = after + 1;
  for (let count = 0; count < maxSegments; count++) {
    // A slot is less than a day from its wall-clock time read as UTC: years without one are not walked through.
    const near = pattern.from(from - dayMs);
    if (near === null) return null;
    from = Math.max(from, near - dayMs);
    const segment = segmentAt(zone, from);
    if (from <= segment.start && gapSlot(pattern, segment)) return segment.start;
    const local = pattern.from(Math.max(from + segment.offset, localStart(pattern, segment)));
    if (local !== null && local < segment.end + segment.offset) return local - segment.offset;
    from = segment.end;
  }
  return null;
};

const previousOfPattern = (pattern: Pattern, zone: string, before: number): number | null => {
  let to = before;
  for (let count = 0; count < maxSegments; count++) {
    const near = pattern.before(to + dayMs);
    if (near === null) return null;
    to = Math.min(to, near + dayMs + 1);
    const segment = segmentAt(zone, to - 1);
    const local = pattern.before(to + segment.offset);
    if (local !== null && local >= localStart(pattern, segment)) return local - segment.offset;
    if (gapSlot(pattern, segment)) return segment.start;
    to = segment.start;
  }
  return null;
};

const countOfPattern = (pattern: Pattern, zone: string, after: number, to: number): number => {
  let count = 0;
  for (let from = after + 1; from <= to; ) {
    const segment = segmentAt(zone, from);
    const end = Math.min(to + 1, segment.end);
    const start = Math.max(from + segment.offset, localStart(pattern, segment));
    if (start < end + segment.offset) count += pattern.count(start, end + segment.offset);
    // A slot of the gap that is also a wall-clock time of its own is one slot.
    if (
      from <= segment.start &&
      gapSlot(pattern, segment) &&
      pattern.from(segment.start + segment.offset) !== segment.start + segment.offset
    )
      count += 1;
    from = segment.end;
  }
  return count;
};

const orNull = (ms: number | null): Instant | null => (ms === null ? null : fromMs(ms));

/** The first slot strictly after an instant; null when there is none. */
export const nextSlot = (timetable: Timetable, zone: string, after: Instant): Instant | null => {
  if (timetable.kind === 'cron') return orNull(nextOfPattern(patternOf(timetable.expression), zone, toMs(after)));
  const { anchor, step } = intervalOf(timetable);
  return fromMs(anchor + (Math.floor((toMs(after) - anchor) / step) + 1) * step);
};

/** The last slot strictly before an instant; null when there is none. */
export const previousSlot = (timetable: Timetable, zone: string, before: Instant): Instant | null => {
  if (timetable.kind === 'cron') return orNull(previousOfPattern(patternOf(timetable.expression), zone, toMs(before)));
  const { anchor, step } = intervalOf(timetable);
  return fromMs(anchor + (Math.ceil((toMs(before) - anchor) / step) - 1) * step);
};

/** Whether an instant is a slot. */
export const isSlot = (timetable: Timetable, zone: string, at: Instant): boolean => nextSlot(timetable, zone, fromMs(toMs(at) - 1)) === at;

/** The slots in (after, to], oldest first, at most `limit`. */
export const slotsBetween = (timetable: Timetable, zone: string, after: Instant, to: Instant, limit: number): Instant[] => {
  const slots: Instant[] = [];
  for (
    let slot = nextSlot(timetable, zone, after);
    slot !== null && slot <= to && slots.length < limit;
    slot = nextSlot(timetable, zone, slot)
  )
    slots.push(slot);
  return slots;
};

/** How many slots lie in (after, to]; days are counted whole, so a year of minutes costs milliseconds. */
export const countSlots = (timetable: Timetable, zone: string, after: Instant, to: Instant): number => {
  if (to <= after) return 0;
  if (timetable.kind === 'cron') return countOfPattern(patternOf(timetable.expression), zone, toMs(after), toMs(to));
  const { anchor, step } = intervalOf(timetable);
  return Math.floor((toMs(to) - anchor) / step) - Math.floor((toMs(after) - anchor) / step);
};
