import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import type { Role } from '../contexts/engine/token/events.ts';
import { CarillonError } from '../core/errors.ts';
import type { Limits } from './limits.ts';
import { sendProblem } from './plugins/errors.ts';
import type { Service } from './service.ts';
import type { Identity } from './tokens.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route; a route without it is refused. */
    role?: Role | 'public';
    /** A route of the source documents: its errors say `success: false` too. */
    seed?: boolean;
    /** The media type of the body, when it is not JSON. */
    accepts?: string;
  }
  interface FastifyRequest {
    identity: Identity | null;
  }
}

/** `seed` routes get `success: false`; a trace id comes from the caller's `traceparent`, else it is fresh. */
export const traceparentShape = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The bare Fastify instance with our limits. */
export const newApp = (service: Service, limits: Limits, trustedProxies: readonly string[]) =>
  fastify({
    logger: false,
    bodyLimit: limits.body,
    requestTimeout: limits.requestTimeout,
    http: { maxHeaderSize: limits.headerBytes, headersTimeout: limits.requestTimeout },
    // A path that is too long or badly encoded, before any route is found.
    frameworkErrors: (_error, request, reply) =>
      void sendProblem(service, new CarillonError('bad-request', 'The path cannot be read'), request, reply),
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    requestIdHeader: false,
    genReqId: (raw) => traceparentShape.exec(String(raw.headers.traceparent ?? ''))?.[1] ?? service.ids.next().replaceAll('-', ''),
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    routerOptions: { maxParamLength: 600, caseSensitive: true, ignoreTrailingSlash: false },
  }).withTypeProvider<TypeBoxTypeProvider>();

export type App = ReturnType<typeof newApp>;

/** What every route file is given. */
export type RouteDeps = { readonly service: Service; readonly limits: Limits };
