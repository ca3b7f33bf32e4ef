import type { Cause, SkipReason, Verdict } from '../contexts/engine/schedule/events.ts';
import type { Instant } from '../core/instant.ts';
import type { Row } from '../core/projection.ts';
import type { ReadModels } from '../ports/read-models.ts';

export { runsName } from './runs.ts';

/** One opened slot. `verdict` is `open` until it has one. */
export type RunRow = {
  readonly slot: string;
  readonly key: string;
  readonly job: string;
  readonly scope: string;
  readonly at: Instant;
  readonly cause: Cause;
  readonly by: string | null;
  readonly reason: string | null;
  readonly openedAt: Instant;
  readonly closedAt: Instant | null;
  readonly verdict: Verdict | 'open';
  readonly due: number;
  readonly changed: number;
  readonly parked: number;
  readonly events: { readonly [type: string]: number };
  readonly durationMs: number | null;
  readonly message: string | null;
  readonly version: number;
  /** Who gave the schedule that version: `code`, or a person's name. */
  readonly definedBy: string;
  readonly traceparent: string | null;
};

export type SkipRow = {
  readonly key: string;
  readonly job: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly count: number;
  readonly reason: SkipReason;
  readonly recordedAt: Instant;
};

const toRun = (row: Row): RunRow => row as unknown as RunRow;

/** Opened slots, newest first; `before` is the last row of the page before. */
export const listRuns = async (
  readModels: ReadModels,
  { job, verdict, limit, before }: { job?: string; verdict?: string; limit: number; before?: { openedAt: string; slot: string } },
): Promise<readonly RunRow[]> => {
  const where = { ...(job === undefined ? {} : { job }), ...(verdict === undefined ? {} : { verdict }) };
  const index = [...Object.keys(where), 'openedAt'];
  const after = before === undefined ? {} : { after: { openedAt: before.openedAt, slot: before.slot } };
  return (await readModels.list('runs', { index, where, descending: true, limit, ...after })).map(toRun);
};

export const getRun = async (readModels: ReadModels, slot: string): Promise<RunRow | null> => {
  const [row] = await readModels.get('runs', [[slot]]);
  return row === null || row === undefined ? null : toRun(row);
};

export const listSkips = async (readModels: ReadModels, job: string, limit: number): Promise<readonly SkipRow[]> =>
  (await readModels.list('skips', { index: ['job', 'to'], where: { job }, descending: true, limit })) as unknown as readonly SkipRow[];
