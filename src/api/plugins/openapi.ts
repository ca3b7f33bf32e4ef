import swagger from '@fastify/swagger';
import type { RouteOptions } from 'fastify';
import { Type } from 'typebox';
import type { App } from '../app.ts';
import { Exact, ProblemSchema, problems } from '../schemas.ts';
import type { Service } from '../service.ts';

const mutates = (route: RouteOptions): boolean => route.method !== 'GET' && route.method !== 'HEAD';

/** The answers that a route has because of what it is. */
const commonAnswers = (route: RouteOptions): object => {
  const role = route.config?.role;
  const body = mutates(route) ? [413, 415, 504] : [];
  if (role === 'public') return problems(400, 401, 429, 500);
  return problems(400, 401, ...(role === 'read' ? [] : [403]), ...body, 429, 500, 503);
};

const describe = (route: RouteOptions): void => {
  const schema = route.schema ?? {};
  const response = { ...commonAnswers(route), ...(schema.response as object) };
  const closed = { querystring: schema.querystring ?? Exact({}) };
  const body = mutates(route) && route.config?.accepts === undefined ? { body: schema.body ?? Exact({}) } : {};
  const role = route.config?.role ?? 'admin';
  const security = role === 'public' ? [] : [{ token: [] }];
  route.schema = { ...schema, ...closed, ...body, security, response };
};

/** The OpenAPI 3.1 document, made of the routes themselves; every route gets its common answers here. */
export const installOpenApi = async (app: App, service: Service): Promise<void> => {
  app.addSchema(ProblemSchema);
  await app.register(swagger, {
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `schema-${index}`) },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Carillon',
        version: service.version,
        description: 'Background jobs whose every tick is accounted for.',
        license: { name: 'Apache-2.0' },
      },
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'crl_<id>_<secret>; roles read < operate < admin' } },
      },
    },
    transform: ({ schema, url, route }) => {
      const role = route.config?.role ?? 'admin';
      return { schema: { ...schema, description: [schema?.description, `Role: ${role}.`].filter(Boolean).join(' ') }, url };
    },
  });
  app.addHook('onRoute', describe);
  app.get(
    '/openapi.json',
    {
      config: { role: 'read' },
      schema: { operationId: 'openapi', tags: ['service'], summary: 'This document', response: { 200: Type.Unknown() } },
    },
    () => app.swagger(),
  );
};
