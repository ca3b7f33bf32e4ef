import { Type } from 'typebox';
import type { EffectState } from '../../contexts/engine/effect/events.ts';
import { type DeliveryRow, deliveriesTable } from '../../contexts/engine/webhook/deliveries.ts';
import { type DeliveryWish, deliveryOf, deliveryStream } from '../../contexts/engine/webhook/delivery.ts';
import { wantsType } from '../../contexts/engine/webhook/type-pattern.ts';
import { CarillonError } from '../../core/errors.ts';
import type { RecordedEvent, StreamName } from '../../core/event.ts';
import type { Row } from '../../core/projection.ts';
import { isPublic, publicCategories, publicType } from '../../publish/cloud-event.ts';
import { requestAgain, requestPing } from '../../publish/request-delivery.ts';
import { getActor } from '../actors.ts';
import type { App, RouteDeps } from '../app.ts';
import { fromCursor, toCursor } from '../cursor.ts';
import { type Order, send, sendAll } from '../order.ts';
import { positionOf } from '../positions.ts';
import { Cursor, Exact, Limit, Next, Nullable, OneOf, problems, Reason, refusals, WithReason } from '../schemas.ts';
import type { Service } from '../service.ts';
import { findWebhook } from '../webhooks.ts';

const Id = Exact({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) });
const OfDelivery = Exact({ ...Id.properties, delivery: Type.String({ pattern: '^[0-9a-f]{32}$' }) });
const View = Exact({
  id: Type.String(),
  event: Type.String({ description: 'The `webhook-id` that is sent' }),
  type: Type.String(),
  status: OneOf('waiting', 'sending', 'delivered', 'parked', 'discarded'),
  attempt: Type.Integer(),
  requestedAt: Type.String(),
  changedAt: Type.String(),
  nextAt: Nullable(Type.String()),
  message: Nullable(Type.String({ description: 'The answer, or what went wrong' })),
  again: Type.Boolean({ description: 'A person asked for it to be sent once more' }),
});
const Position = Type.String({ pattern: '^[0-9]{1,20}$' });

/** Most events in one replay of a range. */
const maxReplay = 1_000;

const idIn = (stream: string): string => deliveryOf(stream)?.id ?? '';

const viewOf = ({ stream, webhook: _, position: __, again, ...row }: DeliveryRow) => ({ ...row, id: idIn(stream), again: again === 1 });

const listRoute = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/webhooks/:id/deliveries',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'listDeliveries',
        tags: ['webhooks'],
        summary: 'What was sent to a webhook and what became of it, newest first',
        params: Id,
        querystring: Exact({ limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) }),
        response: { 200: Exact({ deliveries: Type.Array(View), next: Next }), ...problems(404) },
      },
    },
    async (request) => {
      const { id } = request.params;
      await findWebhook(service, id);
      const { limit = 50, cursor } = request.query;
      const after = fromCursor(cursor);
      const place: { after?: Row } = after === undefined ? {} : { after };
      const query = { index: ['webhook', 'position'], where: { webhook: id }, descending: true, limit: limit + 1, ...place };
      const rows = (await service.readModels.list(deliveriesTable, query)) as unknown as readonly DeliveryRow[];
      const last = rows[limit - 1];
      const next = rows.length > limit && last ? toCursor({ position: last.position, stream: last.stream }) : null;
      return { deliveries: rows.slice(0, limit).map(viewOf), next };
    },
  );
};

/** What sends a delivery once more: a parked one goes on, any other becomes a new delivery of the same event. */
const againOrder = async (service: Service, webhook: string, delivery: string): Promise<Order> => {
  const stream = deliveryStream(webhook, delivery);
  const state = (await getActor(service, stream))?.state as unknown as EffectState | undefined;
  if (state === undefined || state.status === 'none') throw new CarillonError('not-found', `There is no delivery "${delivery}"`);
  if (state.status === 'parked') return { to: stream, type: 'ReplayEffect', data: {} };
  const { at } = state.data as unknown as DeliveryWish;
  if (at === null) throw new CarillonError('bad-request', 'A ping is not sent again; make another one');
  const { events } = await service.store.read(at.stream as StreamName, { from: at.revision, limit: 1 });
  if (events[0] === undefined) throw new CarillonError('stream-erased', `${at.stream} was erased`);
  return requestAgain(webhook, events[0], service.ids.next());
};

const resendRoute = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/webhooks/:id/deliveries/:delivery/resend',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'resendDelivery',
        tags: ['webhooks'],
        summary: 'Sends the event of a delivery once more, under the same `webhook-id`',
        params: OfDelivery,
        body: WithReason,
        response: { 200: Exact({ delivery: Type.String() }), ...refusals },
      },
    },
    async (request) => {
      const { id, delivery } = request.params;
      await findWebhook(service, id);
      const order = await againOrder(service, id, delivery);
      await send(service, request, { ...order, reason: request.body.reason });
      return { delivery: idIn(order.to) };
    },
  );
};

/** The public events in a range that a webhook wants. Throws `bad-request` when there are too many. */
const eventsIn = async (service: Service, types: readonly string[], from: string, to: string): Promise<readonly RecordedEvent[]> => {
  const found: RecordedEvent[] = [];
  const range = {
    after: await positionOf(service, from),
    upTo: await positionOf(service, to),
    categories: publicCategories(service.registry),
  };
  for await (const { events } of service.store.readAll(range)) {
    found.push(...events.filter((event) => isPublic(event) && wantsType(types, publicType(event))));
    if (found.length > maxReplay) throw new CarillonError('bad-request', `More than ${maxReplay} events: choose a shorter range`);
  }
  return found;
};

const replayRoute = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/webhooks/:id/replay',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'replayWebhook',
        tags: ['webhooks'],
        summary: `Sends the events of a range of the log once more, at most ${maxReplay}`,
        params: Id,
        body: Exact({ from: Position, to: Position, reason: Reason }, 'Positions: from is exclusive, to inclusive'),
        response: { 200: Exact({ id: Type.String(), count: Type.Integer() }), ...refusals },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { from, to, reason } = request.body;
      const { types } = await findWebhook(service, id);
      const wanted = service.ids.next();
      const events = await eventsIn(service, types, from, to);
      const orders = events.map((event) => ({ ...requestAgain(id, event, wanted), reason }));
      return { id, count: await sendAll(service, request, orders) };
    },
  );
};

const testRoute = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/webhooks/:id/test',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'testWebhook',
        tags: ['webhooks'],
        summary: 'Sends a signed ping; the delivery tells how it went',
        params: Id,
        body: WithReason,
        response: { 200: Exact({ delivery: Type.String() }), ...refusals },
      },
    },
    async (request) => {
      const { id } = request.params;
      await findWebhook(service, id);
      const order = requestPing(id, service.ids.next());
      await send(service, request, { ...order, reason: request.body.reason });
      return { delivery: idIn(order.to) };
    },
  );
};

/** The delivery log of a webhook, and sending again. */
export const deliveryRoutes = (app: App, deps: RouteDeps): void => {
  listRoute(app, deps);
  resendRoute(app, deps);
  replayRoute(app, deps);
  testRoute(app, deps);
};
