import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { CarillonError } from '../../core/errors.ts';
import type { StreamName } from '../../core/event.ts';
import { categoryOf, streamName } from '../../core/stream.ts';
import { getParked, listParked, type ParkedRow } from '../../projections/parked.ts';
import { getActor } from '../actors.ts';
import type { App, RouteDeps } from '../app.ts';
import { fromCursor, toCursor } from '../cursor.ts';
import { send, sendAll } from '../order.ts';
import { AnyJson, Cursor, Exact, Limit, Next, Nullable, problems, Reason, refusals, WithReason } from '../schemas.ts';

const Id = Exact({ id: Type.String({ minLength: 3, maxLength: 250, description: 'The stream of the item or effect, URL-encoded' }) });
const Parked = Exact({
  id: Type.String(),
  kind: Type.String(),
  job: Type.String(),
  about: Type.String(),
  attempt: Type.Integer(),
  message: Type.String(),
  at: Type.String(),
  correlation: Type.String(),
  traceparent: Nullable(Type.String()),
  heldBy: Nullable(Type.String({ description: 'The import of whose facts this is an effect; null for what failed' })),
});

const viewOf = (row: ParkedRow) => ({ ...row });

/** The command of a verb, by what is parked. */
const typeOf = (verb: 'Replay' | 'Discard', stream: StreamName): string => {
  const noun = { 'engine.item': 'Item', 'engine.effect': 'Effect' }[categoryOf(stream)];
  if (noun === undefined) throw new CarillonError('not-found', `"${stream}" is no parked item`);
  return `${verb}${noun}`;
};

const readRoutes = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/parked',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'listParked',
        tags: ['parked'],
        summary: 'Lists what failed for good, newest first',
        querystring: Exact({
          job: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'The full name of a job, reactor or effect' })),
          import: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Only the held effects of this import' })),
          limit: Type.Optional(Limit),
          cursor: Type.Optional(Cursor),
        }),
        response: { 200: Exact({ parked: Type.Array(Parked), next: Next }) },
      },
    },
    async (request) => {
      const { job, import: heldBy, limit = 50, cursor } = request.query;
      const place = fromCursor(cursor);
      const before = place === undefined ? {} : { before: { at: String(place.at), id: String(place.id) } };
      if (job !== undefined && heldBy !== undefined) throw new CarillonError('bad-request', 'Give job or import, not both');
      const only = heldBy !== undefined ? { heldBy } : job === undefined ? {} : { job };
      const rows = await listParked(service.readModels, { limit: limit + 1, ...only, ...before });
      const last = rows[limit - 1];
      return {
        parked: rows.slice(0, limit).map(viewOf),
        next: rows.length > limit && last ? toCursor({ at: last.at, id: last.id }) : null,
      };
    },
  );
  app.get(
    '/api/v1/parked/:id',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'getParked',
        tags: ['parked'],
        summary: 'One parked item with its state',
        params: Id,
        response: { 200: Exact({ ...Parked.properties, state: AnyJson }), ...problems(404) },
      },
    },
    async (request) => {
      const id = streamName(request.params.id);
      const [row, actor] = await Promise.all([getParked(service.readModels, id), getActor(service, id)]);
      if (row === null) throw new CarillonError('not-found', 'Nothing is parked under this id');
      return { ...viewOf(row), state: actor?.state ?? null };
    },
  );
};

const pageSize = 200;

/** Sends one command to every held effect of an import; tells to how many. */
const changeAll = async (
  service: RouteDeps['service'],
  request: FastifyRequest,
  verb: 'Replay' | 'Discard',
  { heldBy, reason }: { readonly heldBy: string; readonly reason: string },
): Promise<number> => {
  let count = 0;
  for (let before: ParkedRow | undefined; ; ) {
    const rows = await listParked(service.readModels, { heldBy, limit: pageSize, ...(before === undefined ? {} : { before }) });
    const to = rows.map(({ id }) => streamName(id));
    count += await sendAll(
      service,
      request,
      to.map((stream) => ({ to: stream, type: typeOf(verb, stream), data: {}, reason })),
    );
    before = rows.at(-1);
    if (rows.length < pageSize) return count;
  }
};

/** What failed for good: reading it, trying it again, or letting it go; both with a reason. */
export const parkedRoutes = (app: App, deps: RouteDeps): void => {
  readRoutes(app, deps);
  const { service } = deps;
  const change = (verb: 'Replay' | 'Discard', status: string, summary: string): void => {
    const word = verb.toLowerCase();
    app.post(
      `/api/v1/parked/:id/${word}`,
      {
        config: { role: 'operate' },
        schema: {
          operationId: `${word}Parked`,
          tags: ['parked'],
          summary,
          params: Id,
          body: WithReason,
          response: { 200: Exact({ id: Type.String(), status: Type.String() }), ...refusals },
        },
      },
      async (request) => {
        const id = streamName(request.params.id);
        await send(service, request, { to: id, type: typeOf(verb, id), data: {}, reason: request.body.reason });
        return { id, status };
      },
    );
    app.post(
      `/api/v1/parked/${word}`,
      {
        config: { role: 'operate' },
        schema: {
          operationId: `${word}Held`,
          tags: ['parked'],
          summary: `${verb}s all effects that are held because facts of an import led to them`,
          body: Exact({ import: Type.String({ minLength: 1, maxLength: 200 }), reason: Reason }),
          response: { 200: Exact({ import: Type.String(), status: Type.String(), count: Type.Integer() }), ...refusals },
        },
      },
      async (request) => {
        const { import: heldBy, reason } = request.body;
        const count = await changeAll(service, request, verb, { heldBy, reason });
        if (count === 0) throw new CarillonError('not-found', `No effect is held by an import "${heldBy}"`);
        return { import: heldBy, status, count };
      },
    );
  };
  change('Replay', 'replayed', 'Tries it again from the first attempt');
  change('Discard', 'discarded', 'Lets it go');
};
