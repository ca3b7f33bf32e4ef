import { type TProperties, Type } from 'typebox';

const closed = { additionalProperties: false } as const;

/** An object that names all its fields. */
export const Exact = <T extends TProperties>(properties: T, description?: string) =>
  Type.Object(properties, { ...closed, ...(description === undefined ? {} : { description }) });

export const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);
export const OneOf = <const T extends readonly string[]>(...values: T) => Type.Unsafe<T[number]>({ enum: [...values] });

/** Any JSON value. */
export const AnyJson = Type.Unknown();
export const InstantText = Type.String({ maxLength: 40, description: 'An instant, for example 2026-01-25T00:00:00.000Z' });
export const Reason = Type.String({ minLength: 1, maxLength: 200, description: 'Why; recorded, so without personal data' });
export const Limit = Type.Integer({ minimum: 1, maximum: 200 });
export const Cursor = Type.String({ minLength: 1, maxLength: 800, description: '`next` of the page before' });
export const Next = Nullable(Type.String({ description: 'Cursor of the next page, null at the end' }));
export const Count = Type.Integer({ minimum: 0 });

/** The body of a change that must be explained. */
export const WithReason = Exact({ reason: Reason });

const FaultSchema = Type.Object({ field: Type.String(), message: Type.String() });

/** RFC 9457; every route refers to it. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    next: Type.String(),
    traceId: Type.String(),
    errors: Type.Optional(Type.Array(FaultSchema)),
    rule: Type.Optional(Type.String()),
    facts: Type.Optional(AnyJson),
    success: Type.Optional(Type.Literal(false)),
  },
  { $id: 'Problem' },
);

const words: { readonly [status: number]: string } = {
  400: 'Not valid: the answer names the field',
  401: 'No token, or one that is not good',
  403: 'A token of another role is needed',
  404: 'Not found',
  409: 'In conflict with what is there',
  410: 'Erased for good',
  413: 'Longer than allowed',
  415: 'Another media type is needed',
  422: 'Refused by a rule, which is named',
  429: 'Too many requests',
  500: 'An error inside; the log tells more under the trace id',
  503: 'Cannot do this now',
  504: 'No answer in time: send the same id again',
};

/** Response schemas of the given statuses: problem documents all. */
export const problems = (...statuses: readonly number[]): { [status: string]: object } =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: words[status] ?? 'Problem', content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } },
    ]),
  );

/** What the actor behind a command may answer besides success. */
export const refusals = problems(404, 409, 410, 422);

/** One recorded event, as every route shows it. */
export const EventSchema = Exact({
  position: Type.String(),
  stream: Type.String(),
  revision: Type.Integer(),
  id: Type.String(),
  type: Type.String(),
  data: AnyJson,
  metadata: AnyJson,
  recordedAt: Type.String(),
});
