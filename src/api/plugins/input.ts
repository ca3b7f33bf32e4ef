import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import type { App } from '../app.ts';
import { ProblemError } from '../problem.ts';
import { parseJson } from '../safe-json.ts';
import { checkOf } from '../validate.ts';
import { InputError } from './errors.ts';

const exactJson = /^application\/json(; ?charset=utf-8)?$/i;
const withBody = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

const checkMediaType = async (request: FastifyRequest): Promise<void> => {
  const given = request.headers['content-type'];
  if (given === undefined || !withBody.has(request.method)) return;
  const wanted = request.routeOptions.config.accepts;
  if (wanted === undefined ? exactJson.test(given) : given === wanted) return;
  throw new ProblemError('bad-request', `The body must be sent as "Content-Type: ${wanted ?? 'application/json'}"`, { status: 415 });
};

type Property = { readonly type?: string };

const readText = (text: unknown, { type }: Property): unknown => {
  if (typeof text !== 'string') return text;
  if (type === 'integer') return /^\d{1,15}$/.test(text) ? Number(text) : text;
  return type === 'boolean' && (text === 'true' || text === 'false') ? text === 'true' : text;
};

/** Paths and queries are text: whole numbers and true or false are read where the schema has them, nothing else. */
const readTexts = (schema: { readonly properties?: Readonly<Record<string, Property>> }, given: unknown): unknown =>
  Object.fromEntries(Object.entries(given as object).map(([name, text]) => [name, readText(text, schema.properties?.[name] ?? {})]));

/** Checks bodies as they are, and paths and queries after reading their text. */
export const validatorOf: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) => {
  const check = checkOf(schema as object);
  return (value: unknown) => {
    const given = httpPart === 'body' ? value : readTexts(schema as object, value);
    const faults = check(given);
    return faults.length === 0 ? { value: given } : { error: new InputError(faults, httpPart ?? '') };
  };
};

/**
 * One way in: exact media types, one JSON parser, and schemas that refuse what they do not name. A missing
 * body counts as `{}`.
 */
export const installInput = (app: App): void => {
  app.setValidatorCompiler(validatorOf);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, text === '' ? undefined : parseJson(String(text)));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('onRequest', checkMediaType);
  app.addHook('preValidation', async (request) => {
    if (request.body === undefined && request.routeOptions.schema?.body !== undefined) request.body = {};
  });
};
