import { Type } from 'typebox';
import type { WebhookState } from '../../contexts/engine/webhook/events.ts';
import { maxTypes, webhookCategory, webhookStream } from '../../contexts/engine/webhook/webhook.ts';
import { isTransient } from '../../core/errors.ts';
import { derivedId } from '../../core/ids.ts';
import { idOf } from '../../core/stream.ts';
import { secretSubject } from '../../publish/deliver.ts';
import { listActors } from '../actors.ts';
import type { App, RouteDeps } from '../app.ts';
import { send } from '../order.ts';
import { Cursor, Exact, Limit, Next, Nullable, OneOf, problems, Reason, refusals, WithReason } from '../schemas.ts';
import { findWebhook, newWebhookSecret } from '../webhooks.ts';
import { deliveryRoutes } from './webhook-deliveries.ts';

const Id = Exact({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) });
const View = Exact({
  id: Type.String(),
  url: Type.String(),
  types: Type.Array(Type.String()),
  status: OneOf('live', 'disabled'),
  because: Nullable(Type.String()),
  createdAt: Nullable(Type.String()),
  oldSecretUntil: Nullable(Type.String({ description: 'Until then messages are signed with the secret before, too' })),
});
const Changed = Exact({ id: Type.String(), status: Type.String() });
const Secret = Type.String({ description: 'Shown this once' });
const NewWebhook = Exact({
  url: Type.String({ minLength: 1, maxLength: 1_000, description: 'https, on the public internet' }),
  types: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
      minItems: 1,
      maxItems: maxTypes,
      description: 'For example giving.escrow.*; all public events when absent',
    }),
  ),
  reason: Type.Optional(Reason),
});

const viewOf = (id: string, { url, types, status, because, createdAt, old }: WebhookState) => ({
  id,
  url,
  types: [...types],
  status: status as 'live' | 'disabled',
  because,
  createdAt,
  oldSecretUntil: old?.until ?? null,
});

const listRoute = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/webhooks',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'listWebhooks',
        tags: ['webhooks'],
        summary: 'Lists webhooks, without their secrets',
        querystring: Exact({ limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) }),
        response: { 200: Exact({ webhooks: Type.Array(View), next: Next }) },
      },
    },
    async (request) => {
      const { rows, next } = await listActors(service, webhookCategory, request.query);
      const all = rows.map(({ stream, state }) => [idOf(stream), state as unknown as WebhookState] as const);
      return { webhooks: all.filter(([, { status }]) => status !== 'removed').map(([id, state]) => viewOf(id, state)), next };
    },
  );
};

const createRoute = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/webhooks',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'createWebhook',
        tags: ['webhooks'],
        summary: 'Sends public events from now on to an address, signed',
        body: NewWebhook,
        response: {
          201: Exact({ id: Type.String(), url: Type.String(), types: Type.Array(Type.String()), secret: Secret }),
          ...problems(409, 422),
        },
      },
    },
    async (request, reply) => {
      const { url, types = ['*'], reason } = request.body;
      const id = derivedId('webhook', service.ids.next()).slice(0, 16);
      const { name, secret } = await newWebhookSecret(service, id);
      try {
        await send(service, request, { to: webhookStream(id), type: 'CreateWebhook', data: { url, types, secret: name }, reason });
      } catch (error) {
        // Without an answer it may have been done, and then the secret is needed.
        if (!isTransient(error)) await service.vault.erase(secretSubject(id));
        throw error;
      }
      return reply.code(201).send({ id, url, types, secret });
    },
  );
};

const rotateRoute = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/webhooks/:id/rotate',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'rotateWebhook',
        tags: ['webhooks'],
        summary: 'Gives a webhook a new secret; the old one signs beside it for 24 hours',
        params: Id,
        body: WithReason,
        response: { 200: Exact({ id: Type.String(), secret: Secret }), ...refusals },
      },
    },
    async (request) => {
      const { id } = request.params;
      const before = await findWebhook(service, id);
      const { name, secret } = await newWebhookSecret(service, id);
      await send(service, request, {
        to: webhookStream(id),
        type: 'RotateWebhookSecret',
        data: { secret: name },
        reason: request.body.reason,
      });
      if (before.old !== null) await service.vault.scrub(secretSubject(id), [before.old.secret]);
      return { id, secret };
    },
  );
};

const removeRoute = (app: App, { service }: RouteDeps): void => {
  app.delete(
    '/api/v1/webhooks/:id',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'removeWebhook',
        tags: ['webhooks'],
        summary: 'Removes a webhook and its secrets for good; what waits for it is not sent any more',
        params: Id,
        querystring: Exact({ reason: Reason }),
        response: { 200: Changed, ...refusals },
      },
    },
    async (request) => {
      const { id } = request.params;
      await findWebhook(service, id);
      await send(service, request, { to: webhookStream(id), type: 'RemoveWebhook', data: {}, reason: request.query.reason });
      await service.vault.erase(secretSubject(id));
      return { id, status: 'removed' };
    },
  );
};

/** Webhooks: addresses outside that public events are sent to (Standard Webhooks 1.0). */
export const webhookRoutes = (app: App, deps: RouteDeps): void => {
  const { service } = deps;
  const change = (verb: 'disable' | 'enable', status: string, summary: string): void => {
    app.post(
      `/api/v1/webhooks/:id/${verb}`,
      {
        config: { role: 'admin' },
        schema: {
          operationId: `${verb}Webhook`,
          tags: ['webhooks'],
          summary,
          params: Id,
          body: WithReason,
          response: { 200: Changed, ...refusals },
        },
      },
      async (request) => {
        const { id } = request.params;
        const { reason } = request.body;
        await findWebhook(service, id);
        const command = { disable: { type: 'DisableWebhook', data: { because: reason } }, enable: { type: 'EnableWebhook', data: {} } }[
          verb
        ];
        await send(service, request, { to: webhookStream(id), ...command, reason });
        return { id, status };
      },
    );
  };
  listRoute(app, deps);
  createRoute(app, deps);
  rotateRoute(app, deps);
  change('disable', 'disabled', 'Sends nothing to it until it is enabled; what happens meanwhile can be replayed');
  change('enable', 'live', 'Sends to it again');
  removeRoute(app, deps);
  deliveryRoutes(app, deps);
};
