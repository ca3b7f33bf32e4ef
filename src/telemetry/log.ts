import pino, { type DestinationStream, type Logger } from 'pino';
import type { Note } from '../ports/observers.ts';

const maxLength = 8_192;
/** Line ends, escapes and text direction marks: a log line stays one line and says what it says. */
const unsafe = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Text of others, made safe for a log: control and direction characters shown as escapes, at most 8 KiB. */
export const clean = (text: string): string =>
  text.slice(0, maxLength).replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

const cleanAll = (facts: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, typeof fact === 'string' ? clean(fact) : fact]));

/** JSON lines, on stderr unless told; secrets by name are left out. */
export const createLog = (level: string, destination: DestinationStream = pino.destination({ fd: 2, sync: true })): Logger =>
  pino(
    {
      level,
      redact: { paths: ['token', 'authorization', 'password', '*.token', '*.authorization', '*.password'], censor: '[left out]' },
      base: { service: 'carillon' },
    },
    destination,
  );

/** Writes a note as a log line: each run's end at info, what needs a person at warn (checklist X12, X13). */
export const logNote = (log: Logger, note: Note): void => {
  switch (note.kind) {
    case 'log':
      return log[note.level]({ scope: clean(note.scope), ...cleanAll(note.facts ?? {}) }, clean(note.message));
    case 'slot-opened':
      return log.info({ scope: 'run', job: note.job, slot: note.slot, cause: note.cause, delayMs: note.delayMs }, `start ${note.job}`);
    case 'slot-closed':
      return log[note.verdict === 'completed' ? 'info' : 'error'](
        {
          scope: 'run',
          job: note.job,
          slot: note.slot,
          cause: note.cause,
          verdict: note.verdict,
          durationMs: note.durationMs,
          ...note.counts,
          ...(note.verdict === 'failed' || note.verdict === 'timed-out' ? { type: 'job_failure' } : {}),
        },
        `end ${note.job}: ${note.verdict}`,
      );
    case 'item-failed':
    case 'item-parked':
      return log.warn(
        { scope: 'item', job: note.job, about: clean(note.about), attempt: note.attempt },
        `${note.kind === 'item-parked' ? 'parked' : 'failed'}: ${clean(note.message)}`,
      );
    case 'alert':
      return log[note.open ? 'error' : 'info']({ scope: 'health', job: note.job, alert: note.alert, open: note.open }, clean(note.message));
    case 'effect':
      return log.debug({ scope: 'effect', effect: note.effect, outcome: note.outcome }, 'effect');
    case 'slice-done':
    case 'decided':
    case 'projected':
      return log.trace(note, note.kind);
  }
};
