import type { InjectOptions } from 'fastify';
import { afterAll, expect } from 'vitest';
import { createServer, type Server, type ServerOptions } from '../../../src/api/server.ts';
import { checkOf } from '../../../src/api/validate.ts';
import type { Role } from '../../../src/contexts/engine/token/events.ts';
import { createWorld, type World } from './world.ts';

type Answered = { readonly status: number; readonly headers: Record<string, unknown>; readonly text: string; readonly body: never };
type Operation = {
  readonly responses: { readonly [status: string]: { readonly content?: { readonly [type: string]: { readonly schema: object } } } };
};
type Document = {
  readonly components: { readonly schemas: { readonly [name: string]: object } };
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
};

export type Sender = Role | null | { readonly token: string };

/** The operation of the OpenAPI document that a request belongs to; undefined for an unknown path. */
export const operationOf = (document: Document, method: string, url: string): Operation | undefined => {
  const path = url.split('?')[0] ?? '';
  const fits = (template: string): boolean => new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
  const template = Object.keys(document.paths).find((known) => known === path) ?? Object.keys(document.paths).find(fits);
  return template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
};

/** Every answer must stand in the OpenAPI document, with this shape. */
const expectDocumented = (document: Document, method: string, url: string, status: number, type: string, text: string): void => {
  const operation = operationOf(document, method, url);
  if (operation === undefined || method === 'HEAD' || method === 'OPTIONS') return;
  const response = operation.responses[String(status)];
  expect(response, `${method} ${url} answered ${status}, which its document does not name: ${text}`).toBeDefined();
  const media = type.split(';')[0] ?? '';
  const named = response?.content?.[media]?.schema as { readonly $ref?: string } | undefined;
  const schema = named?.$ref === undefined ? named : document.components.schemas[named.$ref.split('/').at(-1) ?? ''];
  expect(schema, `${method} ${url} answered ${status} as ${media}, which its document does not name`).toBeDefined();
  if (media.endsWith('json') && schema)
    expect(checkOf(schema)(JSON.parse(text)), `${method} ${url} ${status}: ${text.slice(0, 500)}`).toEqual([]);
};

/** A server on a world in memory; each call checks its answer against the OpenAPI document. */
export const createApi = async (options: Partial<ServerOptions> = {}) => {
  const world: World = await createWorld();
  const server: Server = await createServer(world.service, { host: '127.0.0.1', port: 0, ...options });
  await server.app.ready();
  const tokens: { readonly [role in Role]: string } = {
    read: await world.mint('read'),
    operate: await world.mint('operate'),
    admin: await world.mint('admin'),
  };
  const document = server.app.swagger() as unknown as Document;

  const raw = async (sender: Sender, request: InjectOptions & { readonly method: string; readonly url: string }): Promise<Answered> => {
    const text = sender === null ? null : typeof sender === 'string' ? tokens[sender] : sender.token;
    const headers = { ...(text === null ? {} : { authorization: `Bearer ${text}` }), ...request.headers };
    const response = await server.app.inject({ ...request, headers } as InjectOptions);
    const type = String(response.headers['content-type'] ?? '');
    expectDocumented(document, request.method, request.url, response.statusCode, type, response.body);
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      body: (type.includes('json') && response.body !== '' ? JSON.parse(response.body) : null) as never,
    };
  };
  const call = (sender: Sender, method: string, url: string, payload?: unknown): Promise<Answered> =>
    raw(sender, {
      method: method as never,
      url,
      ...(payload === undefined ? {} : { payload: JSON.stringify(payload), headers: { 'content-type': 'application/json' } }),
    });

  afterAll(() => server.close());
  return { world, server, tokens, document, raw, call };
};

export type Api = Awaited<ReturnType<typeof createApi>>;
