import { plus } from '../core/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { Note } from '../ports/observers.ts';
import { spanContextOf } from './context.ts';
import type { Fields, Level, Log } from './log.ts';
import type { SlotTraces } from './slot-traces.ts';

const runLevels: Readonly<Record<string, Level>> = { completed: 'info', cancelled: 'warn' };

/** Writes notes as log lines: each run's start and end at info (checklist X12), what needs a person at warn or error (X13). */
export const createNoteLog = (log: Log, clock: Clock, slots: SlotTraces): ((note: Note) => void) => {
  const traceOf = (slot: unknown): Fields => {
    const context = typeof slot === 'string' ? spanContextOf(slots.of(slot)) : undefined;
    return context === undefined ? {} : { trace_id: context.traceId };
  };

  const plain = ({ level, scope, message, facts = {} }: Extract<Note, { kind: 'log' }>): void => {
    const { traceId, traceparent, ...others } = facts;
    const known = typeof traceId === 'string' ? traceId : typeof traceparent === 'string' ? spanContextOf(traceparent)?.traceId : undefined;
    log(level, scope, message, { ...others, ...(known === undefined ? traceOf(facts.slot) : { trace_id: known }) });
  };

  const runEnd = (note: Extract<Note, { kind: 'slot-closed' }>): void => {
    const { job, slot, cause, verdict, durationMs, counts } = note;
    const end = clock.now();
    const failed = verdict === 'failed' || verdict === 'timed-out';
    const times = { start: plus(end, -durationMs), end, duration: durationMs, result: verdict };
    const fields = { job, jobName: job, slot, cause, ...times, ...counts, ...(failed ? { type: 'job_failure' } : {}), ...traceOf(slot) };
    log(runLevels[verdict] ?? 'error', 'run', `end ${job}: ${verdict}`, fields);
  };

  return (note) => {
    switch (note.kind) {
      case 'log':
        return plain(note);
      case 'slot-opened': {
        const { job, slot, cause, delayMs } = note;
        return log('info', 'run', `start ${job}`, { job, jobName: job, slot, cause, delayMs, ...traceOf(slot) });
      }
      case 'slot-closed':
        return runEnd(note);
      case 'item-failed':
      case 'item-parked': {
        const { job, about, attempt, message } = note;
        return log('warn', 'item', `${note.kind === 'item-parked' ? 'parked' : 'failed'}: ${message}`, { job, about, attempt });
      }
      case 'alert':
        return log(note.open ? 'error' : 'info', 'health', note.message, { job: note.job, alert: note.alert, open: note.open });
      case 'effect':
        return log(note.outcome === 'confirmed' ? 'debug' : 'info', 'effect', `${note.effect}: ${note.outcome}`, { effect: note.effect });
      case 'slice-done':
        return log('debug', 'run', `slice of ${note.actors} actors`, {
          job: note.job,
          slot: note.slot,
          partition: note.partition,
          duration: note.durationMs,
        });
      case 'decided':
      case 'projected': {
        const { kind, ...fields } = note;
        return log('trace', 'engine', kind, fields);
      }
    }
  };
};
