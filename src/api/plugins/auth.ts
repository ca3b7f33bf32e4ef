import type { FastifyRequest } from 'fastify';
import type { Role } from '../../contexts/engine/token/events.ts';
import { CarillonError, isCarillonError } from '../../core/errors.ts';
import type { App } from '../app.ts';
import type { Identity, Tokens } from '../tokens.ts';
import type { Limiter } from './rate.ts';

const rank: { readonly [role in Role]: number } = { read: 0, operate: 1, admin: 2 };

const faults = { unknown: 'The token is not known', revoked: 'The token has been revoked', expired: 'The token has expired' } as const;

/** The token text of a request; null without one. */
export const bearerOf = (request: FastifyRequest): string | null =>
  /^Bearer ([\w-]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;

/** Throws `forbidden` when `identity` may not do what `role` may. */
export const demand = (identity: Identity | null, role: Role): Identity => {
  if (identity === null) throw new CarillonError('unauthorized', 'A token is needed');
  if (rank[identity.role] < rank[role])
    throw new CarillonError('forbidden', `This needs a token of role ${role}; yours has role ${identity.role}`);
  return identity;
};

/** Whoever a handler works for; never null behind the hook. */
export const identityOf = (request: FastifyRequest): Identity => demand(request.identity, 'read');

/** Finds out who sends a request. Throws `unauthorized`. */
export const identify = async (tokens: Tokens, request: FastifyRequest): Promise<Identity> => {
  const text = bearerOf(request);
  if (text === null) throw new CarillonError('unauthorized', 'A token is needed');
  const verified = await tokens.verify(text);
  if (!verified.ok) throw new CarillonError('unauthorized', faults[verified.fault]);
  return verified.identity;
};

/**
 * Auth by default (reliability d.1): a route without a role is refused when it is registered, `public` ones must stand
 * in the list, and one hook at the root checks each request before its body is read. Unknown paths ask for a token too.
 */
export const installAuth = (app: App, tokens: Tokens, publicRoutes: readonly string[], refused: Limiter): void => {
  app.decorateRequest('identity', null);
  app.addHook('onRoute', (route) => {
    const role = route.config?.role;
    if (role === undefined) throw new CarillonError('definition-invalid', `Route ${String(route.method)} ${route.url} declares no role`);
    if (role === 'public' && !publicRoutes.includes(route.url))
      throw new CarillonError('definition-invalid', `Route ${route.url} may not be public`);
  });
  app.addHook('onRequest', async (request, reply) => {
    const role = request.is404 ? 'read' : request.routeOptions.config.role;
    if (role === 'public') return;
    try {
      request.identity = await identify(tokens, request);
    } catch (error) {
      if (!isCarillonError(error, 'unauthorized')) throw error;
      await refused(request, reply);
      void reply.header(
        'www-authenticate',
        bearerOf(request) === null ? 'Bearer realm="carillon"' : 'Bearer realm="carillon", error="invalid_token"',
      );
      throw error;
    }
    demand(request.identity, role ?? 'admin');
  });
};
