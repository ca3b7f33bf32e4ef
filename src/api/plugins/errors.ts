import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CarillonError, isCarillonError, messageOf } from '../../core/errors.ts';
import type { App } from '../app.ts';
import { ProblemError, problemOf } from '../problem.ts';
import type { Service } from '../service.ts';
import { type Fault, textOf } from '../validate.ts';

/** Faults of a route's schema, as the validator compiler hands them over. */
export class InputError extends Error {
  readonly faults: readonly Fault[];
  readonly part: string;
  constructor(faults: readonly Fault[], part: string) {
    super('invalid input');
    this.faults = faults;
    this.part = part;
  }
}

const partNames: { readonly [part: string]: string } = {
  body: 'the body',
  querystring: 'the query',
  params: 'the path',
  headers: 'the headers',
};

const ofInput = ({ faults, part }: InputError): CarillonError => {
  const first = faults[0] ?? { field: '', message: 'is not valid' };
  return new ProblemError('bad-request', textOf(first, partNames[part] ?? 'the request'), { errors: faults });
};

const ofFastify = (error: FastifyError): CarillonError | null => {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new CarillonError('payload-too-large', 'The body is longer than this route takes');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ProblemError('bad-request', 'The body must be sent as "Content-Type: application/json"', { status: 415 });
  }
  const status = error.statusCode ?? 500;
  return status >= 400 && status < 500 ? new ProblemError('bad-request', 'The request cannot be read', { status }) : null;
};

const ours = (error: unknown): CarillonError => {
  if (error instanceof InputError) return ofInput(error);
  if (isCarillonError(error)) return error;
  const known = error instanceof Error && 'statusCode' in error ? ofFastify(error as FastifyError) : null;
  return known ?? new CarillonError('internal', messageOf(error), {}, error);
};

/** Sends an error as `application/problem+json`; what is wrong inside goes to the log only. */
export const sendProblem = (service: Service, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const known = ours(error);
  const problem = problemOf(known, request.id, request.routeOptions.config?.seed === true);
  if (problem.status >= 500) {
    const facts = {
      traceId: request.id,
      code: problem.code,
      route: request.routeOptions.url ?? '',
      cause: messageOf(known.cause ?? known),
    };
    service.observers.note({ kind: 'log', level: 'error', scope: 'api', message: known.message, facts });
  }
  return reply.code(problem.status).type('application/problem+json').send(problem);
};

/** Makes every error a problem document, the unknown route too. */
export const installErrors = (app: App, service: Service): void => {
  app.setErrorHandler((error, request, reply) => sendProblem(service, error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(service, new CarillonError('not-found', 'There is no such route'), request, reply),
  );
};
