import { CarillonError, type ErrorCode, errorCodes } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Fault } from './validate.ts';

/** What a problem document says beyond its code. */
export type More = {
  readonly errors?: readonly Fault[];
  readonly rule?: string;
  readonly facts?: Json;
  /** Where HTTP asks for a status of its own (415, 431). */
  readonly status?: number;
};

/** An error of ours with more to tell than a message. */
export class ProblemError extends CarillonError {
  readonly more: More;
  constructor(code: ErrorCode, message: string, more: More = {}) {
    super(code, message);
    this.more = more;
  }
}

/** The body of an `application/problem+json` answer (RFC 9457); `code` is stable, `next` is the step to take. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly next: string;
  readonly traceId: string;
  readonly errors?: readonly Fault[];
  readonly rule?: string;
  readonly facts?: Json;
  readonly success?: false;
};

const titleOf = (code: ErrorCode): string => `${code[0]?.toUpperCase()}${code.slice(1).replaceAll('-', ' ')}`;

const hidden = 'The service could not do this. Its log says why, under this trace id.';

const moreOf = (error: CarillonError): More => {
  if (error instanceof ProblemError) return error.more;
  return Object.keys(error.facts).length === 0 ? {} : { facts: error.facts };
};

/** The problem document of an error. What is wrong inside stays inside: the detail of a 5xx is always the same text. */
export const problemOf = (error: CarillonError, traceId: string, seed: boolean): Problem => {
  const { status: own, next } = errorCodes[error.code];
  const { status = own, ...more } = moreOf(error);
  const inside = status >= 500;
  return {
    type: `/errors/${error.code}`,
    title: titleOf(error.code),
    status,
    code: error.code,
    detail: inside ? hidden : error.message,
    next,
    traceId,
    ...(inside ? {} : more),
    ...(seed ? { success: false } : {}),
  };
};
