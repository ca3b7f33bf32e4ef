import { Type } from 'typebox';
import { CarillonError } from '../../core/errors.ts';
import type { DomainEvent } from '../../core/event.ts';
import { replay } from '../../simulation/replay.ts';
import type { Simulation } from '../../simulation/simulate.ts';
import type { App, RouteDeps } from '../app.ts';
import { simulateJob } from '../jobs.ts';
import { AnyJson, Count, Exact, InstantText, problems } from '../schemas.ts';

const ActorChange = Exact({ stream: Type.String(), rule: Type.String(), events: AnyJson, before: AnyJson, after: AnyJson });

export const SimulationSchema = Exact({
  job: Type.String(),
  asOf: Type.String(),
  due: Count,
  changed: Count,
  failed: Count,
  rules: Type.Record(Type.String(), Type.Integer(), { description: 'How many by each rule' }),
  events: Type.Record(Type.String(), Type.Integer(), { description: 'How many of each type' }),
  actors: Type.Array(ActorChange, { description: 'The first of them' }),
});

/** A simulation as a client reads it. */
export const simulationView = ({ job, asOf, due, changed, failed, events, rules, actors }: Simulation) => ({
  job,
  asOf,
  due,
  changed,
  failed,
  events: { ...events },
  rules: { ...rules },
  actors: [...actors],
});

export const JobParam = Exact({
  jobName: Type.String({
    minLength: 1,
    maxLength: 230,
    description: 'An alias, the part after the slash when unique, or the full name URL-encoded',
  }),
});
export const Scope = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$', description: 'The tenant whose schedule is meant' });

const Events = Type.Array(Exact({ type: Type.String(), data: AnyJson }));
const ReplaySchema = Exact({
  job: Type.String(),
  actors: Count,
  decisions: Count,
  equal: Count,
  different: Type.Array(Exact({ stream: Type.String(), revision: Type.Integer(), at: Type.String(), recorded: Events, today: Events }), {
    description: 'The first hundred',
  }),
});

/** Today's code on the recorded past of a job's actors, and where it decides otherwise; nothing is appended. */
const replayRoute = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/jobs/:jobName/replay',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'replayJob',
        tags: ['jobs'],
        summary: "Runs today's code on the recorded past and tells where it decides otherwise",
        params: JobParam,
        body: Exact({}),
        response: { 200: ReplaySchema, ...problems(404) },
      },
    },
    async (request) => {
      const { name } = service.registry.find(request.params.jobName);
      if (!service.registry.jobs.has(name))
        throw new CarillonError('bad-request', `${name} is a plain task; it decides nothing that could be replayed`);
      const { different, ...result } = await replay(service, name);
      const plain = (events: readonly DomainEvent[]) => events.map(({ type, data }) => ({ type, data }));
      return { ...result, different: different.map((each) => ({ ...each, recorded: plain(each.recorded), today: plain(each.today) })) };
    },
  );
};

/** What a job would do, also later than now; by the same decisions, without an append. */
export const simulateRoutes = (app: App, deps: RouteDeps): void => {
  const { service } = deps;
  replayRoute(app, deps);
  app.post(
    '/api/v1/jobs/:jobName/simulate',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'simulateJob',
        tags: ['jobs'],
        summary: 'Shows what a job would do now, or at an instant',
        params: JobParam,
        body: Exact({ at: Type.Optional(InstantText), scope: Type.Optional(Scope) }),
        response: { 200: SimulationSchema, ...problems(404) },
      },
    },
    async (request) => simulationView(await simulateJob(service, request.params.jobName, request.body.at, request.body.scope)),
  );
};
