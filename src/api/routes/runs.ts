import { Type } from 'typebox';
import type { Position } from '../../core/event.ts';
import { runStream } from '../../core/ids.ts';
import { streamName } from '../../core/stream.ts';
import type { RunRow } from '../../projections/run-queries.ts';
import type { App, RouteDeps } from '../app.ts';
import { send } from '../order.ts';
import { positionOf } from '../positions.ts';
import { eventsOfRun, pageOfRuns, progressOf, runOf, slotOf } from '../runs.ts';
import { AnyJson, Count, Cursor, EventSchema, Exact, Limit, Next, Nullable, OneOf, problems, refusals, WithReason } from '../schemas.ts';
import { eventView } from '../views.ts';

const Slot = Exact({ slot: Type.String({ minLength: 3, maxLength: 240, description: 'The slot id, URL-encoded' }) });
const Text = Nullable(Type.String());
const Run = Exact({
  slot: Type.String(),
  key: Type.String(),
  job: Type.String(),
  scope: Type.String(),
  at: Type.String(),
  cause: Type.String(),
  by: Text,
  reason: Text,
  openedAt: Type.String(),
  closedAt: Text,
  verdict: Type.String(),
  due: Count,
  changed: Count,
  parked: Count,
  events: Type.Record(Type.String(), Type.Integer()),
  durationMs: Nullable(Type.Integer()),
  message: Text,
  version: Type.Integer(),
  traceparent: Text,
});
const Progress = Exact({
  status: Type.String(),
  epoch: Type.Integer(),
  attempt: Type.Integer(),
  nextAt: Text,
  message: Text,
  parts: AnyJson,
});

/** Only the fields of the schema leave: the serializer drops the rest. */
const viewOf = (row: RunRow) => ({ ...row, events: { ...row.events } });

const listRuns = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/runs',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'listRuns',
        tags: ['runs'],
        summary: 'Lists opened slots, newest first',
        querystring: Exact({
          job: Type.Optional(Type.String({ minLength: 1, maxLength: 230 })),
          verdict: Type.Optional(OneOf('open', 'completed', 'failed', 'cancelled', 'timed-out')),
          limit: Type.Optional(Limit),
          cursor: Type.Optional(Cursor),
        }),
        response: { 200: Exact({ runs: Type.Array(Run), next: Next }) },
      },
    },
    async (request) => {
      const { rows, next } = await pageOfRuns(service, request.query);
      return { runs: rows.map(viewOf), next };
    },
  );
};

const getRun = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/runs/:slot',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'getRun',
        tags: ['runs'],
        summary: 'One run, and how far it is',
        params: Slot,
        response: { 200: Exact({ ...Run.properties, progress: Nullable(Progress) }), ...problems(404) },
      },
    },
    async (request) => {
      const slot = slotOf(request.params.slot);
      const [row, state] = await Promise.all([runOf(service, slot), progressOf(service, slot)]);
      const progress =
        state === null
          ? null
          : {
              status: state.status,
              epoch: state.epoch,
              attempt: state.attempt,
              nextAt: state.nextAt,
              message: state.message,
              parts: state.parts,
            };
      return { ...viewOf(row), progress };
    },
  );
};

const runEvents = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/runs/:slot/events',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'runEvents',
        tags: ['runs'],
        summary: 'What a run appended, in log order',
        description: 'A page may be empty and `more` true: the log was long; go on from `upTo`.',
        params: Slot,
        querystring: Exact({
          from: Type.Optional(Type.String({ maxLength: 20, description: '`upTo` of the page before' })),
          limit: Type.Optional(Limit),
        }),
        response: {
          200: Exact({ slot: Type.String(), events: Type.Array(EventSchema), upTo: Text, more: Type.Boolean() }),
          ...problems(404),
        },
      },
    },
    async (request) => {
      const { from, limit = 100 } = request.query;
      const run = await runOf(service, slotOf(request.params.slot));
      const after: Position | null = from === undefined ? null : await positionOf(service, from);
      const { events, upTo, more } = await eventsOfRun(service, run, after, limit);
      return { slot: run.slot, events: events.map(eventView), upTo, more };
    },
  );
};

/** Runs: every opened slot with its verdict, what it changed, and stopping or approving one. */
export const runRoutes = (app: App, deps: RouteDeps): void => {
  listRuns(app, deps);
  getRun(app, deps);
  runEvents(app, deps);
  const { service } = deps;
  const change = (verb: 'cancel' | 'approve', type: string, status: string, summary: string): void => {
    app.post(
      `/api/v1/runs/:slot/${verb}`,
      {
        config: { role: 'operate' },
        schema: {
          operationId: `${verb}Run`,
          tags: ['runs'],
          summary,
          params: Slot,
          body: WithReason,
          response: { 200: Exact({ slot: Type.String(), status: Type.String() }), ...refusals },
        },
      },
      async (request) => {
        const slot = slotOf(request.params.slot);
        await send(service, request, { to: streamName(runStream(slot)), type, data: {}, reason: request.body.reason });
        return { slot, status };
      },
    );
  };
  change('cancel', 'CancelRun', 'cancelled', 'Stops a run; what it changed stays');
  change('approve', 'ApproveRun', 'running', 'Lets a held run go on');
};
