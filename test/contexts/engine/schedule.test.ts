import { describe, it } from 'vitest';
import type { Definition, ScheduleEvent } from '../../../src/contexts/engine/schedule/events.ts';
import { schedule } from '../../../src/contexts/engine/schedule/schedule.ts';
import { slotId } from '../../../src/core/ids.ts';
import { type Instant, instant } from '../../../src/core/instant.ts';
import { cron } from '../../../src/core/slots.ts';
import { given } from '../../../src/testing/given.ts';

const key = 'giving/release-escrows';
const at = (text: string): Instant => instant(`2026-01-05T${text}Z`);
const definition = (more: Partial<Definition> = {}): Definition => ({
  job: key,
  scope: '',
  schedule: cron('0 * * * *'),
  zone: 'UTC',
  enabled: true,
  catchUp: 'due',
  overlap: 'skip',
  build: 1,
  ...more,
});
const defined = (more: Partial<Definition> = {}): ScheduleEvent[] => [
  { type: 'ScheduleDefined', data: { definition: definition(more), activeFrom: at('00:00'), by: 'code' } },
];
const open = (time: string, cause: 'schedule' | 'catch-up' | 'manual' | 'backfill' = 'schedule', slot = slotId(key, at(time))) => ({
  type: 'OpenSlot' as const,
  data: { slot, at: at(time), cause },
});
const counts = { due: 0, changed: 0, parked: 0, events: {} };
const close = (time: string, verdict: 'completed' | 'failed' = 'completed', slot = slotId(key, at(time))) => ({
  type: 'CloseSlot' as const,
  data: { slot, verdict, counts, durationMs: 5, message: null },
});
const skipped = (
  from: string,
  to: string,
  count: number,
  reason: 'nothing-due' | 'missed' | 'paused' | 'disabled' | 'overlap',
): ScheduleEvent => ({ type: 'SlotsSkipped', data: { from: at(from), to: at(to), count, reason, chapter: 0 } });

describe('slots', () => {
  it('each is opened once; the same again is a nudge; another waits', () => {
    given(schedule, defined())
      .when(open('00:00'), '2026-01-05T00:00:00.003Z')
      .then({ accepted: 'schedule' })
      .when(open('00:00'), '2026-01-05T00:00:01Z')
      .then({ ignored: 'already-open' })
      .when(open('01:00'), '2026-01-05T01:00Z')
      .then({ ignored: 'slot-open' })
      .when(close('00:00'), '2026-01-05T01:00:01Z')
      .then({ accepted: 'completed' })
      .when(open('00:00'), '2026-01-05T01:00:02Z')
      .then({ ignored: 'already-decided' });
  });
  it('between two verdicts are skipped with the reason, counted', () => {
    given(schedule, defined())
      .when(open('05:00', 'catch-up'), '2026-01-05T06:30Z')
      .then({
        accepted: 'catch-up',
        events: [
          skipped('00:00', '04:00', 5, 'nothing-due'),
          {
            type: 'SlotOpened',
            data: {
              slot: slotId(key, at('05:00')),
              at: at('05:00'),
              cause: 'catch-up',
              version: 1,
              definedBy: 'code',
              chapter: 0,
              openedAt: at('06:30'),
            },
          },
        ],
      });
  });
  it('that are not of the schedule, or more than 5 s ahead, are refused', () => {
    given(schedule, defined()).when(open('00:30'), '2026-01-05T01:00Z').then({ rejected: 'slot-unaligned' });
    given(schedule, defined())
      .when(open('01:00', 'schedule', slotId(key, at('02:00'))), '2026-01-05T02:00Z')
      .then({ rejected: 'slot-unaligned' });
    given(schedule, defined()).when(open('03:00'), '2026-01-05T02:59:50Z').then({ rejected: 'slot-future' });
    given(schedule, defined()).when(open('03:00'), '2026-01-05T02:59:56Z').then({ accepted: 'schedule' });
  });
  it('of a paused or disabled schedule are recorded as skipped', () => {
    given(schedule, defined())
      .when({ type: 'PauseSchedule', data: { until: null }, reason: 'audit', by: 'ada' }, '2026-01-05T00:30Z')
      .then({ accepted: 'paused' })
      .when(open('01:00'), '2026-01-05T01:00Z')
      .then([skipped('00:00', '01:00', 2, 'paused')]);
    given(schedule, defined({ enabled: false }))
      .when(open('00:00'), '2026-01-05T00:00Z')
      .then([skipped('00:00', '00:00', 1, 'disabled')]);
  });
  it('missed by a job with catch-up skip are not run', () => {
    given(schedule, defined({ catchUp: 'skip' }))
      .when(open('02:00', 'catch-up'), '2026-01-05T02:10Z')
      .then([skipped('00:00', '02:00', 3, 'missed')]);
  });
  it('that came while the last run went on are skipped as overlap', () => {
    given(schedule, defined({ catchUp: 'latest' }))
      .when(open('00:00'), '2026-01-05T00:00Z')
      .then({ accepted: 'schedule' })
      .when(close('00:00'), '2026-01-05T02:30Z')
      .then({ accepted: 'completed' })
      .when(open('02:00', 'catch-up'), '2026-01-05T02:30:01Z')
      .then({
        accepted: 'catch-up',
        events: [
          skipped('01:00', '01:00', 1, 'overlap'),
          {
            type: 'SlotOpened',
            data: {
              slot: slotId(key, at('02:00')),
              at: at('02:00'),
              cause: 'catch-up',
              version: 1,
              definedBy: 'code',
              chapter: 0,
              openedAt: instant('2026-01-05T02:30:01Z'),
            },
          },
        ],
      });
  });
});

describe('by hand', () => {
  it('a manual slot needs no alignment, and is refused while one is open', () => {
    given(schedule, defined())
      .when(open('00:10', 'manual', `${key}@manual-x`), '2026-01-05T00:10Z')
      .then({ accepted: 'manual' })
      .when(open('00:11', 'manual', `${key}@manual-y`), '2026-01-05T00:11Z')
      .then({ rejected: 'already-running' });
  });
  it('a backfill opens what did not complete, once a number, and nothing that did', () => {
    given(schedule, defined())
      .when(open('00:00'), '2026-01-05T00:00Z')
      .then({ accepted: 'schedule' })
      .when(close('00:00', 'failed'), '2026-01-05T00:00:09Z')
      .then({ accepted: 'failed' })
      .when(open('00:00', 'backfill', slotId(key, at('00:00'), 1)), '2026-01-05T00:20Z')
      .then({ accepted: 'backfill' })
      .when(close('00:00', 'completed', slotId(key, at('00:00'), 1)), '2026-01-05T00:21Z')
      .then({ accepted: 'completed' })
      .when(open('00:00', 'backfill', slotId(key, at('00:00'), 2)), '2026-01-05T00:22Z')
      .then({ rejected: 'not-open-for-backfill' });
  });
  it('a skipped slot is backfilled once', () => {
    given(schedule, [...defined({ catchUp: 'skip' }), skipped('00:00', '02:00', 3, 'missed')])
      .when(open('01:00', 'backfill', slotId(key, at('01:00'), 1)), '2026-01-05T03:20Z')
      .then({ accepted: 'backfill' })
      .when(close('01:00', 'completed', slotId(key, at('01:00'), 1)), '2026-01-05T03:21Z')
      .then({ accepted: 'completed' })
      .when(open('01:00', 'backfill', slotId(key, at('01:00'), 1)), '2026-01-05T03:22Z')
      .then({ rejected: 'not-open-for-backfill' });
  });
  it('pausing needs a reason, and ends at its time', () => {
    given(schedule, defined())
      .when({ type: 'PauseSchedule', data: { until: null } }, '2026-01-05T00:30Z')
      .then({ rejected: 'reason-missing' });
    given(schedule, defined())
      .when({ type: 'PauseSchedule', data: { until: at('00:10') }, reason: 'x' }, '2026-01-05T00:30Z')
      .then({ rejected: 'until-past' });
    given(schedule, defined()).when({ type: 'ResumeSchedule', data: {} }, '2026-01-05T00:30Z').then({ rejected: 'not-paused' });
  });
});

describe('definitions', () => {
  it('change with the code; an older build changes nothing; a slot before the change follows the definition of then', () => {
    given(schedule, defined())
      .when(
        { type: 'DefineSchedule', data: { definition: definition({ schedule: cron('30 * * * *'), build: 2 }), activeFrom: at('02:10') } },
        '2026-01-05T02:10Z',
      )
      .then({ accepted: 'changed' })
      .when({ type: 'DefineSchedule', data: { definition: definition(), activeFrom: at('02:10') } }, '2026-01-05T02:11Z')
      .then({ ignored: 'older-build' })
      .when(open('02:00', 'catch-up'), '2026-01-05T02:12Z')
      .then({ accepted: 'catch-up' })
      .when(close('02:00'), '2026-01-05T02:12:01Z')
      .then({ accepted: 'completed' })
      .when(open('03:00'), '2026-01-05T03:00Z')
      .then({ rejected: 'slot-unaligned' })
      .when(open('02:30'), '2026-01-05T03:00Z')
      .then({ accepted: 'schedule' });
  });
  it('the same again is nothing new', () => {
    given(schedule, defined())
      .when({ type: 'DefineSchedule', data: { definition: definition({ build: 9 }), activeFrom: at('02:10') } }, '2026-01-05T02:10Z')
      .then({ ignored: 'unchanged' });
  });
});
