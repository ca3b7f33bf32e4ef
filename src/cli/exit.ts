import { type ErrorCode, errorCodes, isCarillonError, messageOf } from '../core/errors.ts';

/** What the command line ends with; docs/cli.md lists them. */
export const exits = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  notAllowed: 5,
  unreachable: 6,
  runFailed: 7,
  timedOut: 124,
  interrupted: 130,
} as const;

export type Exit = (typeof exits)[keyof typeof exits];

/** An end that is not an error of ours: its own code, and a message that is already in plain words. */
export class CliEnd extends Error {
  readonly exit: Exit;
  readonly next: string | null;
  constructor(exit: Exit, message: string, next: string | null = null) {
    super(message);
    this.exit = exit;
    this.next = next;
  }
}

const byCode: Partial<Record<ErrorCode, Exit>> = {
  'not-found': exits.notFound,
  'job-unknown': exits.notFound,
  'ambiguous-name': exits.usage,
  'already-running': exits.conflict,
  'command-id-reused': exits.conflict,
  'actor-parked': exits.conflict,
  unauthorized: exits.notAllowed,
  forbidden: exits.notAllowed,
  'service-unreachable': exits.unreachable,
  'bad-request': exits.usage,
  'config-invalid': exits.usage,
  'import-invalid': exits.usage,
  'instant-invalid': exits.usage,
  'duration-invalid': exits.usage,
  'stream-invalid': exits.usage,
  'payload-too-large': exits.usage,
  'slot-unaligned': exits.usage,
  'slot-future': exits.usage,
  'slots-too-many': exits.usage,
  'stream-erased': exits.notFound,
  'store-closed': exits.unreachable,
  'answer-unknown': exits.timedOut,
};

/** The exit code of an error code; 1 for one that has none of its own. */
export const exitOf = (code: string): Exit => byCode[code as ErrorCode] ?? exits.failed;

/** What is said of an error: one line, and the next step. */
export const describe = (error: unknown): { readonly exit: Exit; readonly lines: readonly string[] } => {
  if (error instanceof CliEnd) return { exit: error.exit, lines: [error.message, ...(error.next === null ? [] : [error.next])] };
  if (isCarillonError(error)) return { exit: exitOf(error.code), lines: [`${error.message} (${error.code})`, errorCodes[error.code].next] };
  return { exit: exits.failed, lines: [messageOf(error), 'Set LOG_LEVEL=debug for more, or report it: CONTRIBUTING.md tells how.'] };
};
