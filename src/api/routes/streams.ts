import { Type } from 'typebox';
import { CarillonError } from '../../core/errors.ts';
import { streamName } from '../../core/stream.ts';
import { population } from '../../projections/due-queries.ts';
import { listActors } from '../actors.ts';
import type { App, RouteDeps } from '../app.ts';
import { send } from '../order.ts';
import { Count, Cursor, EventSchema, Exact, Limit, Next, Nullable, problems, Reason, refusals } from '../schemas.ts';
import { eventView } from '../views.ts';

const StreamParam = Exact({ stream: Type.String({ minLength: 3, maxLength: 250 }) });
const List = Exact({
  categories: Type.Optional(Type.Array(Exact({ category: Type.String(), streams: Count }))),
  streams: Type.Optional(Type.Array(Exact({ stream: Type.String(), revision: Type.Integer(), asOf: Nullable(Type.String()) }))),
  next: Type.Optional(Next),
});
const StreamPage = Exact({
  stream: Type.String(),
  head: Type.Integer({ description: 'Revision of the newest event' }),
  events: Type.Array(EventSchema),
  next: Nullable(Type.Integer({ description: 'The next `from`, null at the end' })),
});

const listStreams = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/streams',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'listStreams',
        tags: ['streams'],
        summary: 'Lists categories, or the streams of one category',
        querystring: Exact({
          category: Type.Optional(Type.String({ maxLength: 100 })),
          limit: Type.Optional(Limit),
          cursor: Type.Optional(Cursor),
        }),
        response: { 200: List, ...problems(404) },
      },
    },
    async (request) => {
      const { category } = request.query;
      const known = [...service.registry.deciders.keys()];
      if (category === undefined)
        return {
          categories: await Promise.all(
            known.map(async (name) => ({ category: name, streams: await population(service.readModels, name) })),
          ),
        };
      if (!known.includes(category)) throw new CarillonError('not-found', `There is no category "${category}"`);
      const { rows, next } = await listActors(service, category, request.query);
      return { streams: rows.map(({ stream, revision, asOf }) => ({ stream, revision, asOf })), next };
    },
  );
};

const readStream = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/streams/:stream',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'readStream',
        tags: ['streams'],
        summary: 'Reads a stream by revision, forwards or backwards',
        params: StreamParam,
        querystring: Exact({ from: Type.Optional(Count), limit: Type.Optional(Limit), backwards: Type.Optional(Type.Boolean()) }),
        response: { 200: StreamPage, ...problems(404, 410) },
      },
    },
    async (request) => {
      const stream = streamName(request.params.stream);
      const { from, limit = 100, backwards = false } = request.query;
      const { events, head } = await service.store.read(stream, { limit, backwards, ...(from === undefined ? {} : { from }) });
      if (head === 'no-stream') throw new CarillonError('not-found', `There is no stream "${stream}"`);
      if (head === 'erased') throw new CarillonError('stream-erased', `"${stream}" was erased`);
      const last = events.at(-1)?.revision;
      const after = last === undefined ? -1 : backwards ? last - 1 : last + 1;
      return { stream, head, events: events.map(eventView), next: after < 0 || after > head ? null : after };
    },
  );
};

const eraseStream = (app: App, { service }: RouteDeps): void => {
  app.delete(
    '/api/v1/streams/:stream',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'eraseStream',
        tags: ['streams'],
        summary: 'Erases a stream for good; nothing revives it',
        params: StreamParam,
        querystring: Exact({ reason: Reason }),
        response: { 200: Exact({ stream: Type.String(), status: Type.Literal('erased') }), ...refusals },
      },
    },
    async (request) => {
      const stream = streamName(request.params.stream);
      await send(service, request, { to: stream, type: 'EraseStream', data: {}, reason: request.query.reason });
      return { stream, status: 'erased' as const };
    },
  );
};

/** Streams: which there are, what stands in one, and erasing one for good. */
export const streamRoutes = (app: App, deps: RouteDeps): void => {
  listStreams(app, deps);
  readStream(app, deps);
  eraseStream(app, deps);
};
