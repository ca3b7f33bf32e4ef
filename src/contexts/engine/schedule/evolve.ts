import { type Instant, plus } from '../../../core/instant.ts';
import type { ScheduleEvent, ScheduleState, Verdict } from './events.ts';

export const initial: ScheduleState = {
  status: 'none',
  definition: null,
  version: 0,
  paused: null,
  watermark: null,
  open: null,
  earlier: [],
  unfinished: {},
  skipped: [],
  backfilled: [],
  last: null,
  totals: { completed: 0, failed: 0, cancelled: 0, 'timed-out': 0, skipped: 0, durationMs: 0 },
  activeFrom: null,
  definedBy: 'code',
  lastSuccessAt: null,
  lastFailureAt: null,
  failingSince: null,
  failuresInARow: 0,
  verdicts: 0,
  chapter: 0,
  chapters: [],
};

const keepUnfinished = 100;
const keepSkipped = 50;

/** When it last went well or wrong, and since when it fails. */
const health = (state: ScheduleState, verdict: Verdict, at: Instant): Partial<ScheduleState> => {
  if (verdict === 'completed') return { lastSuccessAt: at, failingSince: null, failuresInARow: 0 };
  if (verdict === 'cancelled') return {};
  return { lastFailureAt: at, failingSince: state.failingSince ?? at, failuresInARow: state.failuresInARow + 1 };
};

const closed = (state: ScheduleState, data: Extract<ScheduleEvent, { type: 'SlotClosed' }>['data']): ScheduleState => {
  const open = state.open;
  const aligned = open !== null && open.cause !== 'manual';
  const { [data.at]: opened, ...others } = state.unfinished;
  const again = open?.cause === 'backfill' ? (opened ?? 0) + 1 : (opened ?? 0);
  const unfinished = !aligned ? state.unfinished : data.verdict === 'completed' ? others : { ...others, [data.at]: again };
  const watermark =
    aligned && open.cause !== 'backfill' && (state.watermark === null || data.at > state.watermark) ? data.at : state.watermark;
  return {
    ...state,
    open: null,
    watermark,
    unfinished: Object.fromEntries(Object.entries(unfinished).sort().slice(-keepUnfinished)),
    backfilled:
      open?.cause === 'backfill' && data.verdict === 'completed' ? [...state.backfilled, data.at].slice(-keepUnfinished) : state.backfilled,
    earlier: state.earlier.filter((segment) => watermark === null || segment.until > watermark),
    last: { slot: data.slot, verdict: data.verdict, openedAt: open?.openedAt ?? data.at, closedAt: data.closedAt },
    totals: { ...state.totals, [data.verdict]: state.totals[data.verdict] + 1, durationMs: state.totals.durationMs + data.durationMs },
    ...health(state, data.verdict, data.closedAt),
    verdicts: state.verdicts + 1,
  };
};

/** Folds one event of a schedule. */
export const evolve = (state: ScheduleState, event: ScheduleEvent): ScheduleState => {
  switch (event.type) {
    case 'ScheduleDefined': {
      const { definition, activeFrom, by } = event.data;
      const watermark = plus(activeFrom, -1);
      return {
        ...state,
        status: 'active',
        definition,
        version: state.version + 1,
        activeFrom: state.activeFrom ?? activeFrom,
        definedBy: by,
        earlier: [],
        watermark: state.watermark !== null && state.watermark > watermark ? state.watermark : watermark,
      };
    }
    case 'ScheduleChanged': {
      const earlier =
        state.definition === null ? state.earlier : [...state.earlier, { definition: state.definition, until: event.data.effectiveFrom }];
      return { ...state, definition: event.data.definition, definedBy: event.data.by, version: state.version + 1, earlier };
    }
    case 'SchedulePaused':
      return { ...state, paused: event.data };
    case 'ScheduleResumed':
      return { ...state, paused: null };
    case 'ScheduleRemoved':
      return { ...state, status: 'removed', paused: null };
    case 'SlotOpened': {
      const { slot, at, cause, openedAt, imported } = event.data;
      return { ...state, open: { slot, at, cause, openedAt, ...(imported === undefined ? {} : { imported }) } };
    }
    case 'SlotClosed':
      return closed(state, event.data);
    case 'SlotsSkipped': {
      const { from, to, count, reason } = event.data;
      const skipped = reason === 'nothing-due' ? state.skipped : [...state.skipped, { from, to }].slice(-keepSkipped);
      return {
        ...state,
        watermark: to,
        skipped,
        totals: { ...state.totals, skipped: state.totals.skipped + count },
        verdicts: state.verdicts + 1,
        earlier: state.earlier.filter((segment) => segment.until > to),
      };
    }
    case 'LedgerFolded':
      return event.data.state;
    case 'LedgerTrimmed':
      return { ...state, chapters: state.chapters.filter(({ chapter }) => !event.data.chapters.includes(chapter)) };
  }
};
