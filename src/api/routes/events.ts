import { Type } from 'typebox';
import { CarillonError } from '../../core/errors.ts';
import type { Position, RecordedEvent } from '../../core/event.ts';
import { isPublic, toCloudEvent } from '../../publish/cloud-event.ts';
import type { App, RouteDeps } from '../app.ts';
import { eventFilter } from '../event-filter.ts';
import type { Live } from '../plugins/live.ts';
import { positionOf } from '../positions.ts';
import { EventSchema, Exact, Limit, Nullable, OneOf } from '../schemas.ts';
import type { Service } from '../service.ts';
import { eventView } from '../views.ts';

const Page = Exact({
  events: Type.Array(EventSchema),
  upTo: Nullable(Type.String({ description: 'Everything up to here was looked at: the next `from`' })),
  more: Type.Boolean(),
});

const readPage = async (service: Service, after: Position | null, limit: number, types: string | undefined) => {
  const filter = eventFilter(service.registry, types);
  const events: RecordedEvent[] = [];
  let upTo = after;
  for await (const page of service.store.readAll({ after, pageSize: limit, ...filter.range })) {
    for (const event of page.events) {
      if (!filter.keep(event)) continue;
      events.push(event);
      if (events.length === limit) return { events, upTo: event.position, more: true };
    }
    upTo = page.upTo;
  }
  return { events, upTo, more: false };
};

/** The log: page by page as JSON, or as it grows by server-sent events. */
export const eventRoutes = (app: App, { service }: RouteDeps, live: Live): void => {
  app.get(
    '/api/v1/events',
    {
      config: { role: 'read' },
      sse: 'dual',
      schema: {
        operationId: 'readEvents',
        tags: ['streams'],
        summary: 'The log: a page as JSON, or live with "Accept: text/event-stream"',
        description:
          'Live: `id` is the position; go on with Last-Event-ID or ?from (exclusive); without them from now on. A comment comes every 15 s. format=cloudevents sends the public events only, as CloudEvents 1.0.',
        querystring: Exact({
          types: Type.Optional(
            Type.String({ minLength: 1, maxLength: 1_000, description: 'For example giving.escrow.*,arcade.pool.PoolFinalized' }),
          ),
          from: Type.Optional(Type.String({ maxLength: 20, description: 'A position, exclusive; 0 for the beginning' })),
          limit: Type.Optional(Limit),
          format: Type.Optional(OneOf('log', 'cloudevents')),
        }),
        response: {
          200: {
            description: 'A page, or the live stream',
            content: { 'application/json': { schema: Page }, 'text/event-stream': { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      const { types, from, limit, format = 'log' } = request.query;
      const asCloudEvents = format === 'cloudevents';
      const wantsLive = request.method === 'GET' && /\btext\/event-stream\b/i.test(request.headers.accept ?? '') && reply.sse !== undefined;
      if (!wantsLive) {
        if (asCloudEvents) throw new CarillonError('bad-request', 'format=cloudevents is for "Accept: text/event-stream"');
        const page = await readPage(service, from === undefined ? null : await positionOf(service, from), limit ?? 100, types);
        return { ...page, events: page.events.map(eventView) };
      }
      const place = reply.sse.lastEventId ?? from;
      const after = place === undefined || place === null ? await service.store.head() : await positionOf(service, place);
      const filter = eventFilter(service.registry, types);
      if (!asCloudEvents) await live(request, reply, { after }, filter, eventView);
      else await live(request, reply, { after }, { ...filter, keep: (event) => isPublic(event) && filter.keep(event) }, toCloudEvent);
      return undefined as never;
    },
  );
};
