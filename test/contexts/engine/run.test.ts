import { describe, it } from 'vitest';
import { run, timeOutRun } from '../../../src/contexts/engine/run/run.ts';
import { instant } from '../../../src/core/instant.ts';
import type { AnyJob } from '../../../src/core/job.ts';
import { given } from '../../../src/testing/given.ts';

const slot = 'giving/release-escrows@2026-01-05T14:00Z' as const;
const at = instant('2026-01-05T14:00Z');
const open = (held: { population: number; maxShare: number } | null = null) => ({
  type: 'OpenRun' as const,
  data: {
    slot,
    key: 'giving/release-escrows',
    at,
    cause: 'schedule' as const,
    task: false,
    due: { 'giving.01': 3, 'giving.02': 1 },
    timeoutMinutes: 30,
    held,
  },
});
const report = (partition: string, epoch: number, finished: boolean, settled = 3) => ({
  type: 'ReportSlice' as const,
  data: { partition, epoch, settled, waiting: 0, parked: 0, finished },
});
const later = '2026-01-05T14:00:01Z';

describe('a run', () => {
  it('is opened once, and told stop once it has ended', () => {
    given(run)
      .when(open(), later)
      .then({ accepted: 'opened' })
      .when(open(), later)
      .then({ ignored: 'already-open' })
      .when(report('giving.01', 1, true), later)
      .then({ accepted: 'slice-recorded' })
      .when({ type: 'CancelRun', data: {}, reason: 'wrong day' }, later)
      .then({ accepted: 'cancelled' })
      .when(report('giving.02', 1, false), later)
      .then({ ignored: 'run-cancelled' });
  });
  it('gets a new epoch when it is resumed: orders of the old one are stopped', () => {
    given(run)
      .when(open(), later)
      .then({ accepted: 'opened' })
      .when({ type: 'ResumeRun', data: {} }, '2026-01-05T14:20Z')
      .then({ accepted: 'resumed' })
      .when(report('giving.01', 1, false), '2026-01-05T14:20Z')
      .then({ ignored: 'older-epoch' })
      .when(report('giving.01', 2, false), '2026-01-05T14:20Z')
      .then({ accepted: 'slice-recorded' });
  });
  it('over its share is held, waits for a person with a reason, and does not time out meanwhile', () => {
    given(run)
      .when(open({ population: 5, maxShare: 0.2 }), later)
      .then({ accepted: 'over-max-share', facts: { due: 4, population: 5, maxShare: 0.2 } })
      .when({ type: 'ApproveRun', data: {} }, later)
      .then({ rejected: 'reason-missing' })
      .when({ type: 'ApproveRun', data: {}, reason: 'looked at it' }, later)
      .then({ accepted: 'approved' })
      .when({ type: 'ApproveRun', data: {}, reason: 'again' }, later)
      .then({ rejected: 'not-held' });
  });
  it('times out after its minutes, counted from the newest epoch', () => {
    const timer = { ...timeOutRun, actor: run } as unknown as AnyJob;
    given(run, [], timer)
      .when(open(), '2026-01-05T14:00Z')
      .then({ accepted: 'opened' })
      .tick('2026-01-05T14:29:59Z')
      .then([])
      .tick('2026-01-05T14:30Z')
      .then([{ type: 'RunTimedOut', data: {} }]);
    given(run, [], timer)
      .when(open(), '2026-01-05T14:00Z')
      .then({ accepted: 'opened' })
      .when({ type: 'ResumeRun', data: {} }, '2026-01-05T14:20Z')
      .then({ accepted: 'resumed' })
      .tick('2026-01-05T14:49Z')
      .then([])
      .tick('2026-01-05T14:50Z')
      .then([{ type: 'RunTimedOut', data: {} }]);
  });
});
