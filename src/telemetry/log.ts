import pino, { type DestinationStream } from 'pino';
import type { Clock } from '../ports/clock.ts';
import { clean, shorten, tidy } from './safe-text.ts';

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';
export type Fields = Readonly<Record<string, unknown>>;

/** Writes one JSON line, of at most 8 KiB. */
export type Log = (level: Level, scope: string, message: string, fields?: Fields) => void;

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
/** Fields that the line itself has: a fact of the same name gets another one, so that nobody can put words in its mouth. */
const reserved = new Set(['level', 'time', 'service', 'role', 'scope', 'msg']);
const maxMessageBytes = 2_000;
const maxFieldsBytes = 5_000;

const bounded = (fields: Fields): Fields => {
  const tidied = tidy(fields) as Record<string, unknown>;
  const named = Object.fromEntries(Object.entries(tidied).map(([name, fact]) => [reserved.has(name) ? `fact_${name}` : name, fact]));
  const text = JSON.stringify(named);
  if (Buffer.byteLength(text) <= maxFieldsBytes) return named;
  const short = (name: string) => (typeof named[name] === 'string' ? { [name]: shorten(named[name], 300) } : {});
  return { ...short('job'), ...short('slot'), ...short('trace_id'), cut: shorten(text, 3_000) };
};

/**
 * JSON lines, on stderr unless told. `level` is LOG_LEVEL; an unknown one counts as `warn`, and that is said.
 * Text that comes from outside can neither break a line nor forge one.
 */
export const createLog = (options: { level: string | undefined; clock: Clock; role: string; destination?: DestinationStream }): Log => {
  const { level = 'warn', clock, role } = options;
  const known = levels.includes(level);
  const logger = pino(
    {
      level: known ? level : 'warn',
      base: { service: 'carillon', role },
      timestamp: () => `,"time":"${clock.now()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
  const log: Log = (at, scope, message, fields = {}) => {
    if (!logger.isLevelEnabled(at)) return;
    logger[at]({ scope: shorten(clean(scope), 200), ...bounded(fields) }, shorten(clean(message), maxMessageBytes));
  };
  if (!known) log('warn', 'telemetry', `LOG_LEVEL=${level} is none of ${levels.join(', ')}`);
  return log;
};
