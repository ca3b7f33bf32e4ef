import { Type } from 'typebox';
import type { TokenState } from '../../contexts/engine/token/events.ts';
import { CarillonError } from '../../core/errors.ts';
import { type Duration, durationMs, type Instant, instant, plus } from '../../core/instant.ts';
import { idOf, streamName } from '../../core/stream.ts';
import { listActors } from '../actors.ts';
import type { App, RouteDeps } from '../app.ts';
import { send } from '../order.ts';
import { Cursor, Exact, Limit, Next, Nullable, OneOf, problems, Reason, refusals } from '../schemas.ts';
import type { Service } from '../service.ts';
import { newToken } from '../token-text.ts';
import { type Tokens, tokenStream } from '../tokens.ts';

const Role = OneOf('read', 'operate', 'admin');
const TokenId = Type.String({ pattern: '^[0-9a-f]{16}$' });
const TokenView = Exact({
  id: Type.String(),
  name: Type.String(),
  role: Role,
  status: OneOf('live', 'expired', 'revoked'),
  createdAt: Nullable(Type.String()),
  expiresAt: Nullable(Type.String()),
});
const Created = Exact({
  id: Type.String(),
  name: Type.String(),
  role: Role,
  expiresAt: Nullable(Type.String()),
  token: Type.String({ description: 'Shown this once' }),
});

const NewTokenBody = Exact({
  name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$', description: 'Stands as "by" in everything that is done with it' }),
  role: Role,
  expiresAt: Type.Optional(Type.String({ maxLength: 40 })),
  expiresIn: Type.Optional(Type.String({ pattern: '^[0-9]{1,6}(m|h|d)$', description: 'For example 90d' })),
  reason: Type.Optional(Reason),
});

const viewOf = (id: string, state: TokenState, now: Instant) => {
  const { name, role, createdAt, expiresAt } = state;
  const expired = expiresAt !== null && expiresAt <= now;
  return {
    id,
    name,
    role,
    status: state.status === 'revoked' ? ('revoked' as const) : expired ? ('expired' as const) : ('live' as const),
    createdAt,
    expiresAt,
  };
};

const expiryOf = (service: Service, body: { expiresAt?: string; expiresIn?: string }): Instant | null => {
  if (body.expiresAt !== undefined) return instant(body.expiresAt);
  return body.expiresIn === undefined ? null : plus(service.clock.now(), durationMs(body.expiresIn as Duration));
};

const listTokens = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/tokens',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'listTokens',
        tags: ['tokens'],
        summary: 'Lists tokens, without their secrets',
        querystring: Exact({ limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) }),
        response: { 200: Exact({ tokens: Type.Array(TokenView), next: Next }) },
      },
    },
    async (request) => {
      const { rows, next } = await listActors(service, 'engine.token', request.query);
      const now = service.clock.now();
      return { tokens: rows.map((row) => viewOf(idOf(row.stream), row.state as unknown as TokenState, now)), next };
    },
  );
};

const createToken = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/tokens',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'createToken',
        tags: ['tokens'],
        summary: 'Creates a token',
        body: NewTokenBody,
        response: { 201: Created, ...problems(409, 422) },
      },
    },
    async (request, reply) => {
      const { name, role, reason } = request.body;
      const expiresAt = expiryOf(service, request.body);
      const { id, text, sha256 } = newToken(service.secrets, service.ids.next());
      await send(service, request, {
        to: streamName(tokenStream(id)),
        type: 'CreateToken',
        data: { name, role, sha256, expiresAt },
        reason,
      });
      return reply.code(201).send({ id, name, role, expiresAt, token: text });
    },
  );
};

/** Without an admin nobody could make another token. Throws `last-admin`. */
const keepOneAdmin = async (service: Service, id: string): Promise<void> => {
  const now = service.clock.now();
  let others = 0;
  let own = false;
  for (let cursor: string | null = ''; cursor !== null && others === 0; ) {
    const page = await listActors(service, 'engine.token', { limit: 200, ...(cursor === '' ? {} : { cursor }) });
    const admins = page.rows
      .map((row) => viewOf(idOf(row.stream), row.state as unknown as TokenState, now))
      .filter((token) => token.role === 'admin' && token.status === 'live');
    own ||= admins.some((token) => token.id === id);
    others += admins.filter((token) => token.id !== id).length;
    cursor = page.next;
  }
  if (own && others === 0) throw new CarillonError('last-admin', 'This is the last admin token that is live');
};

const revokeToken = (app: App, { service }: RouteDeps, tokens: Tokens): void => {
  app.delete(
    '/api/v1/tokens/:id',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'revokeToken',
        tags: ['tokens'],
        summary: 'Revokes a token for good',
        params: Exact({ id: TokenId }),
        querystring: Exact({ reason: Type.Optional(Reason) }),
        response: { 200: Exact({ id: Type.String(), status: Type.Literal('revoked') }), ...refusals },
      },
    },
    async (request) => {
      const { id } = request.params;
      await keepOneAdmin(service, id);
      await send(service, request, { to: tokenStream(id), type: 'RevokeToken', data: {}, reason: request.query.reason });
      tokens.forget(id);
      return { id, status: 'revoked' as const };
    },
  );
};

/** Access tokens: kept as a hash, shown once, revoked at once here and within seconds elsewhere. */
export const tokenRoutes = (app: App, deps: RouteDeps, tokens: Tokens): void => {
  listTokens(app, deps);
  createToken(app, deps);
  revokeToken(app, deps, tokens);
};
