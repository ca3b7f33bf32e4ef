import type { Answer } from '../core/command.ts';
import { CarillonError, type ErrorCode, errorCodes } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { ProblemError } from './problem.ts';

/** Rules that have a code of their own; every other refusal is `rejected` (422). */
const codeOfRule: { readonly [rule: string]: ErrorCode } = {
  'already-running': 'already-running',
  'actor-parked': 'actor-parked',
  'clock-ahead': 'clock-ahead',
  'command-id-reused': 'command-id-reused',
  'slot-future': 'slot-future',
  'slot-unaligned': 'slot-unaligned',
  'reason-missing': 'bad-request',
  'run-none': 'not-found',
  'schedule-unknown': 'not-found',
  'token-unknown': 'not-found',
  'webhook-unknown': 'not-found',
};

/** The code of an answer that is not a success; null for accepted and ignored. */
export const codeOf = (answer: Answer): ErrorCode | null => {
  if (answer.kind === 'rejected') return codeOfRule[answer.rule] ?? 'rejected';
  if (answer.kind !== 'failed') return null;
  return Object.hasOwn(errorCodes, answer.code) ? (answer.code as ErrorCode) : 'internal';
};

/** An answer as a client reads it. */
export type AnswerView = {
  readonly id: string;
  readonly kind: Answer['kind'];
  readonly stream: string;
  readonly rule?: string;
  readonly events?: string[];
  readonly revision?: number;
  readonly position?: string;
  readonly repeated?: boolean;
  readonly facts?: Json;
  readonly code?: ErrorCode;
  readonly message?: string;
};

export const viewOf = (id: string, answer: Answer): AnswerView => {
  const code = codeOf(answer);
  const head = { id, kind: answer.kind, stream: answer.stream, ...(code === null ? {} : { code }) };
  if (answer.kind === 'failed')
    return { ...head, message: errorCodes[code ?? 'internal'].status >= 500 ? errorCodes[code ?? 'internal'].next : answer.message };
  const repeated = answer.repeated ? { repeated: true } : {};
  if (answer.kind !== 'accepted')
    return { ...head, rule: answer.rule, ...repeated, ...(answer.facts === undefined ? {} : { facts: answer.facts }) };
  const { rule, events, revision, position } = answer;
  return { ...head, rule, events: [...events], revision, position, ...repeated };
};

/** An answer that is a success; anything else is thrown as the problem it is. */
export const granted = (answer: Answer): Exclude<Answer, { kind: 'rejected' | 'failed' }> => {
  if (answer.kind === 'failed') throw new CarillonError(codeOf(answer) ?? 'internal', answer.message);
  if (answer.kind === 'rejected') {
    const { rule, facts } = answer;
    throw new ProblemError(codeOf(answer) ?? 'rejected', `Refused by rule ${rule}`, facts === undefined ? { rule } : { rule, facts });
  }
  return answer;
};
