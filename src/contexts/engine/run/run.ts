import type { Wish } from '../../../core/command.ts';
import { accept, type Decision, defineDecider, ignore, reject } from '../../../core/decider.ts';
import type { SlotId } from '../../../core/ids.ts';
import { type Instant, plus } from '../../../core/instant.ts';
import type { Json } from '../../../core/json.ts';
import type { Cause } from '../schedule/events.ts';
import type { RunEvent, RunStatus } from './events.ts';

type Part = {
  readonly due: number;
  readonly settled: number;
  readonly waiting: number;
  readonly parked: number;
  readonly finished: boolean;
};

export type RunState = {
  readonly status: RunStatus;
  readonly slot: SlotId | '';
  readonly key: string;
  /** The import that the slot was opened in. */
  readonly imported?: string;
  readonly at: Instant | null;
  readonly cause: Cause;
  readonly task: boolean;
  readonly epoch: number;
  /** Nothing was settled in the epoch before: an actor may have ended the process, so they are met one at a time. */
  readonly careful: boolean;
  /** Actors that were settled when this epoch began. */
  readonly settledBefore: number;
  /** When the newest epoch began: the timeout counts from here. */
  readonly since: Instant | null;
  readonly timeoutMinutes: number;
  /** By `context.partition`. */
  readonly parts: { readonly [partition: string]: Part };
  readonly attempt: number;
  readonly nextAt: Instant | null;
  readonly message: string | null;
};

export type RunCommand =
  | Wish<
      'OpenRun',
      {
        slot: SlotId;
        key: string;
        at: Instant;
        cause: Cause;
        task: boolean;
        due: { readonly [partition: string]: number };
        timeoutMinutes: number;
        imported?: string;
        held: { readonly population: number; readonly maxShare: number } | null;
      }
    >
  | Wish<'ReportSlice', { partition: string; epoch: number; settled: number; waiting: number; parked: number; finished: boolean }>
  | Wish<'ResumeRun', Record<string, never>>
  | Wish<'ApproveRun', Record<string, never>>
  | Wish<'CancelRun', Record<string, never>>
  | Wish<'TimeOutRun', Record<string, never>>
  | Wish<'FailTask', { attempt: number; message: string; nextAt: Instant }>
  | Wish<'CompleteRun', { parked: number; result: Json }>
  | Wish<'FailRun', { message: string }>;

const initial: RunState = {
  status: 'none',
  slot: '',
  key: '',
  at: null,
  cause: 'schedule',
  task: false,
  epoch: 0,
  careful: false,
  settledBefore: 0,
  since: null,
  timeoutMinutes: 0,
  parts: {},
  attempt: 0,
  nextAt: null,
  message: null,
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const settledOf = (state: RunState): number => sum(Object.values(state.parts).map((part) => part.settled));

const open = (data: Extract<RunCommand, { type: 'OpenRun' }>['data'], asOf: Instant): Decision<RunEvent> => {
  const { held, ...opened } = data;
  const total = sum(Object.values(data.due));
  const events: RunEvent[] = [{ type: 'RunOpened', data: { ...opened, total, openedAt: asOf } }];
  return held === null
    ? accept('opened', events)
    : accept('over-max-share', [...events, { type: 'RunHeld', data: { due: total, ...held } }], { due: total, ...held });
};

/** One run of a slot: its orders, how far each partition is, and its end (design section 6). */
export const run = defineDecider<RunState, RunCommand, RunEvent>({
  category: 'engine.run',
  initial,
  events: [
    'RunOpened',
    'SliceDone',
    'RunResumed',
    'RunHeld',
    'RunApproved',
    'TaskFailed',
    'RunCancelled',
    'RunTimedOut',
    'RunCompleted',
    'RunFailed',
  ],
  decide: (command, state): Decision<RunEvent> => {
    if (command.type === 'OpenRun') return state.status === 'none' ? open(command.data, command.asOf) : ignore('already-open');
    const live = state.status === 'running' || state.status === 'held';
    if (!live) return ['ApproveRun', 'CancelRun'].includes(command.type) ? reject(`run-${state.status}`) : ignore(`run-${state.status}`);
    switch (command.type) {
      case 'ReportSlice':
        return command.data.epoch < state.epoch
          ? ignore('older-epoch', { epoch: state.epoch })
          : accept('slice-recorded', [{ type: 'SliceDone', data: command.data }]);
      case 'ResumeRun':
        return accept('resumed', [
          { type: 'RunResumed', data: { epoch: state.epoch + 1, since: command.asOf, careful: settledOf(state) === state.settledBefore } },
        ]);
      case 'ApproveRun':
        if (state.status !== 'held') return reject('not-held');
        return command.reason ? accept('approved', [{ type: 'RunApproved', data: { since: command.asOf } }]) : reject('reason-missing');
      case 'CancelRun':
        return command.reason
          ? accept('cancelled', [{ type: 'RunCancelled', data: { message: command.reason } }])
          : reject('reason-missing');
      case 'TimeOutRun':
        return accept('timed-out', [{ type: 'RunTimedOut', data: {} }], { timeoutMinutes: state.timeoutMinutes });
      case 'FailTask':
        return command.data.attempt <= state.attempt
          ? ignore('older-attempt')
          : accept('attempt-failed', [{ type: 'TaskFailed', data: command.data }]);
      case 'CompleteRun':
        return accept('completed', [{ type: 'RunCompleted', data: command.data }]);
      case 'FailRun':
        return accept('failed', [{ type: 'RunFailed', data: command.data }]);
    }
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'RunOpened': {
        const { slot, key, at, cause, task, timeoutMinutes, due, openedAt, imported } = event.data;
        const parts = Object.fromEntries(
          Object.entries(due).map(([partition, count]) => [partition, { due: count, settled: 0, waiting: 0, parked: 0, finished: false }]),
        );
        return {
          ...state,
          status: 'running',
          slot,
          key,
          at,
          cause,
          task,
          timeoutMinutes,
          parts,
          epoch: 1,
          since: openedAt,
          ...(imported === undefined ? {} : { imported }),
        };
      }
      case 'SliceDone': {
        const { partition, settled, waiting, parked, finished } = event.data;
        const part = state.parts[partition];
        const next = { due: part?.due ?? settled, settled: (part?.settled ?? 0) + settled, waiting, parked, finished };
        return { ...state, parts: { ...state.parts, [partition]: next } };
      }
      case 'RunResumed':
        return { ...state, ...event.data, settledBefore: settledOf(state) };
      case 'RunHeld':
        return { ...state, status: 'held' };
      case 'RunApproved':
        return { ...state, status: 'running', since: event.data.since };
      case 'TaskFailed':
        return { ...state, attempt: event.data.attempt, nextAt: event.data.nextAt, message: event.data.message };
      case 'RunCancelled':
        return { ...state, status: 'cancelled', message: event.data.message };
      case 'RunTimedOut':
        return { ...state, status: 'timed-out', message: `not done after ${state.timeoutMinutes} minutes` };
      case 'RunCompleted':
        return { ...state, status: 'completed' };
      case 'RunFailed':
        return { ...state, status: 'failed', message: event.data.message };
    }
  },
});

/** Actors that this run left parked. */
export const parkedOf = (state: RunState): number => sum(Object.values(state.parts).map((part) => part.parked));
/** Actors that were due, by the plan. */
export const dueOf = (state: RunState): number => sum(Object.values(state.parts).map((part) => part.due));

/** A run that takes longer than its job allows; a held one waits for a person and does not time out. */
export const timeOutRun = {
  name: 'engine/time-out-run',
  dueAt: (state: RunState) =>
    state.status === 'running' && state.since !== null ? plus(state.since, state.timeoutMinutes * 60_000) : null,
  command: (_id: string, asOf: Instant): RunCommand => ({ type: 'TimeOutRun', data: {}, asOf }),
};
