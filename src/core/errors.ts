/**
 * Every error that Carillon throws carries one of these codes. `status` is the HTTP status of its problem document,
 * `transient` says whether trying again may help, `next` is the step that a person takes.
 * docs/errors.md lists them; a test compares the two.
 */
export const errorCodes = {
  'bad-request': { status: 400, transient: false, next: 'Correct the named field and send it again.' },
  'instant-invalid': { status: 400, transient: false, next: 'Write the instant in ISO-8601, for example 2026-01-25T00:00:00.000Z.' },
  'duration-invalid': { status: 400, transient: false, next: 'Write a duration such as 500ms, 2s, 30m, 48h or 90d.' },
  'cron-invalid': { status: 400, transient: false, next: 'Write five fields (minute hour day month weekday), or six with seconds first.' },
  'zone-invalid': { status: 400, transient: false, next: 'Use an IANA time zone such as UTC or Europe/Paris.' },
  'money-invalid': { status: 400, transient: false, next: 'Write money as a whole number of minor units.' },
  'stream-invalid': { status: 400, transient: false, next: 'Write a stream as context.noun-id, for example giving.escrow-7f3a.' },
  'definition-invalid': { status: 500, transient: false, next: 'Correct the definition that the message names, then start again.' },
  'config-invalid': {
    status: 500,
    transient: false,
    next: 'Correct the setting that the message names; "carillon config print" shows all of them.',
  },
  unauthorized: {
    status: 401,
    transient: false,
    next: 'Send "Authorization: Bearer <token>"; the first admin token is in .carillon/admin.token.',
  },
  forbidden: { status: 403, transient: false, next: 'Use a token of the role that the message names.' },
  'not-found': { status: 404, transient: false, next: 'Check the name; "carillon list" shows the jobs.' },
  'job-unknown': { status: 400, transient: false, next: 'Check the name; "carillon list" shows the jobs and their aliases.' },
  'ambiguous-name': { status: 400, transient: false, next: 'Use the full name.' },
  'last-admin': { status: 409, transient: false, next: 'Create another admin token first: carillon tokens create --role admin.' },
  'already-running': { status: 409, transient: false, next: 'Wait for the open slot; "carillon runs list" shows it.' },
  'command-id-reused': { status: 409, transient: false, next: 'Send another payload under a new command id.' },
  rejected: { status: 422, transient: false, next: 'The rule that refused is named in the answer.' },
  'actor-parked': { status: 409, transient: false, next: 'Replay or discard the parked item first; "carillon parked list" shows it.' },
  'actor-failed': { status: 500, transient: true, next: 'Look at the log line with this command id; the code of the job threw.' },
  'slot-unaligned': { status: 400, transient: false, next: 'Use an instant of the schedule; "carillon schedules next" prints them.' },
  'slot-future': { status: 400, transient: false, next: 'A future slot can only be simulated; add --dry-run.' },
  'slots-too-many': { status: 400, transient: false, next: 'Choose a shorter range.' },
  'clock-ahead': { status: 400, transient: false, next: 'Set the clock of the sender right; asOf may be at most 5 s ahead.' },
  'clock-jumped': {
    status: 503,
    transient: true,
    next: 'Set the clock of the server right and wait a minute, or confirm it: carillon clock confirm --reason.',
  },
  'payload-too-large': { status: 413, transient: false, next: 'Send less at once; docs/api.md lists the limits.' },
  'too-many-requests': { status: 429, transient: true, next: 'Wait for the time in Retry-After.' },
  'settle-stuck': { status: 500, transient: false, next: 'dueAt must move on after each decision; the law tests find such a job.' },
  'conflict-exhausted': { status: 503, transient: true, next: 'Try again: other writers won three times.' },
  'stream-erased': { status: 410, transient: false, next: 'The stream was erased for good; use another id.' },
  'store-locked': {
    status: 503,
    transient: false,
    next: 'Stop the other Carillon on this folder, or name another one with CARILLON_FOLDER.',
  },
  'store-newer': { status: 503, transient: false, next: 'Start the newer Carillon that wrote this folder.' },
  'store-corrupt': { status: 503, transient: false, next: 'Restore a backup; docs/operations.md tells how.' },
  'store-full': { status: 503, transient: true, next: 'Free disk space; nothing was written.' },
  'store-closed': { status: 503, transient: true, next: 'The service is stopping; try again on the next one.' },
  'store-unavailable': { status: 503, transient: true, next: 'The event store does not answer; try again.' },
  'sqlite-old': { status: 503, transient: false, next: 'Use Node 24.16 or newer, which brings SQLite 3.51.3 or newer.' },
  'projection-fenced': { status: 503, transient: true, next: 'Another process moved this projection on; it is read again.' },
  'projections-elsewhere': {
    status: 409,
    transient: false,
    next: 'Ask a process with the role projections that leads, for example the one named "all".',
  },
  'not-comparable': { status: 409, transient: false, next: 'Verify the other projections; rebuild this one when in doubt.' },
  'projection-corrupt': { status: 503, transient: false, next: 'Run "carillon projections rebuild" for the named projection.' },
  'broker-unavailable': { status: 503, transient: true, next: 'The broker does not answer; try again.' },
  'answer-unknown': { status: 504, transient: true, next: 'Send the same command with the same id again: it happens once.' },
  'port-in-use': { status: 503, transient: false, next: 'Choose another port with CARILLON_PORT or --port.' },
  'service-unreachable': { status: 503, transient: true, next: 'Start it with "carillon start".' },
  'import-invalid': { status: 400, transient: false, next: 'Correct the named line; nothing of the file was done.' },
  internal: { status: 500, transient: true, next: 'Look at the log line with this trace id.' },
} as const satisfies Record<string, { status: number; transient: boolean; next: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** The one error class. Expected outcomes (conflict, refusal) are values; what is thrown is one of `errorCodes`. */
export class CarillonError extends Error {
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, string | number>>;
  constructor(code: ErrorCode, message: string, facts: Readonly<Record<string, string | number>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CarillonError';
    this.code = code;
    this.facts = facts;
  }
}

/** True for an error of ours with this code, also when the class was loaded twice. */
export const isCarillonError = (error: unknown, code?: ErrorCode): error is CarillonError =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  error.code in errorCodes &&
  (code === undefined || error.code === code);

/** Whether trying again may help: unknown errors count as transient, so that they use up their attempts before they park. */
export const isTransient = (error: unknown): boolean => (isCarillonError(error) ? errorCodes[error.code].transient : true);

/** The text of whatever was thrown, one line, bounded: it goes into events and logs. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 500);
