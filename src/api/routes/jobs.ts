import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { App, RouteDeps } from '../app.ts';
import { historyOf, jobsNow, statsOf } from '../history.ts';
import { simulateJob, type TriggerBody, trigger } from '../jobs.ts';
import { AnyJson, Count, Exact, InstantText, Nullable, problems, Reason } from '../schemas.ts';
import type { Service } from '../service.ts';
import { JobParam, Scope, SimulationSchema, simulationView } from './simulate.ts';

const Execution = Exact({
  name: Type.String(),
  startedAt: Type.String(),
  completedAt: Type.String(),
  success: Type.Boolean(),
  durationMs: Type.Integer(),
  error: Type.Optional(Type.String()),
  slot: Type.String(),
  verdict: Type.String(),
  cause: Type.String(),
  due: Count,
  changed: Count,
  parked: Count,
});
const Stats = Exact({
  totalExecutions: Count,
  successfulExecutions: Count,
  failedExecutions: Count,
  successRate: Type.Number({ description: 'Percent with two decimals: 95.24' }),
});
const JobNow = Exact({
  name: Type.String(),
  title: Type.String(),
  aliases: Type.Array(Type.String()),
  kind: Type.String(),
  schedule: Type.String(),
  zone: Type.String(),
  enabled: Type.Boolean(),
  paused: AnyJson,
  lastRun: Nullable(Type.String()),
  nextRun: Nullable(Type.String()),
  lastResult: AnyJson,
  isRunning: Type.Boolean(),
  runs: Count,
  failures: Count,
  health: Type.String(),
  healthMessage: Type.String(),
});

const TriggerBodySchema = Exact({
  reason: Type.Optional(Reason),
  at: Type.Optional(InstantText),
  dryRun: Type.Optional(Type.Boolean({ description: 'Only shows what would change' })),
  scope: Type.Optional(Scope),
});
const Triggered = Exact({
  success: Type.Literal(true),
  message: Type.String(),
  slot: Type.Optional(Type.String()),
  run: Type.Optional(Type.String({ description: 'Where to read the run' })),
  simulation: Type.Optional(SimulationSchema),
});

const answerTo = async (service: Service, request: FastifyRequest, name: string, body: TriggerBody) => {
  if (body.dryRun === true) {
    const simulation = await simulateJob(service, name, body.at, body.scope);
    const message = `Job '${name}' would change ${simulation.changed} of ${simulation.due} due`;
    return { success: true as const, message, simulation: simulationView(simulation) };
  }
  const { slot, run } = await trigger(service, request, name, body);
  return { success: true as const, message: `Job '${name}' triggered successfully`, slot, run };
};

const jobStatus = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/jobs/status',
    {
      config: { role: 'read', seed: true },
      schema: {
        operationId: 'jobStatus',
        tags: ['jobs'],
        summary: 'Statistics over all runs, the newest runs, and each job now',
        response: {
          200: Exact({
            success: Type.Literal(true),
            data: Exact({ stats: Stats, recentExecutions: Type.Array(Execution), jobs: Type.Array(JobNow) }),
          }),
        },
      },
    },
    async () => {
      const [stats, recentExecutions, jobs] = await Promise.all([statsOf(service), historyOf(service, { limit: 10 }), jobsNow(service)]);
      return { success: true as const, data: { stats, recentExecutions, jobs } };
    },
  );
};

const jobHistory = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/jobs/history',
    {
      config: { role: 'read', seed: true },
      schema: {
        operationId: 'jobHistory',
        tags: ['jobs'],
        summary: 'The newest runs, newest first',
        querystring: Exact({
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
          job: Type.Optional(Type.String({ maxLength: 230 })),
        }),
        response: { 200: Exact({ success: Type.Literal(true), data: Exact({ executions: Type.Array(Execution), count: Count }) }) },
      },
    },
    async (request) => {
      const { limit = 20, job } = request.query;
      const executions = await historyOf(service, { limit, ...(job === undefined ? {} : { job: service.registry.find(job).name }) });
      return { success: true as const, data: { executions, count: executions.length } };
    },
  );
};

const triggerJob = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/jobs/trigger/:jobName',
    {
      config: { role: 'operate', seed: true },
      schema: {
        operationId: 'triggerJob',
        tags: ['jobs'],
        summary: 'Opens a slot now; answers when it is open and durable',
        params: JobParam,
        body: TriggerBodySchema,
        response: { 200: Triggered, ...problems(404, 409, 422) },
      },
    },
    (request) => answerTo(service, request, request.params.jobName, request.body),
  );
};

const triggerJobType = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/v1/admin/jobs/trigger',
    {
      config: { role: 'admin', seed: true },
      schema: {
        operationId: 'triggerJobType',
        tags: ['jobs'],
        summary: 'The same, in the words of checklist C7',
        body: Exact({ jobType: Type.String({ minLength: 1, maxLength: 230 }), ...TriggerBodySchema.properties }),
        response: { 200: Triggered, ...problems(404, 409, 422) },
      },
    },
    (request) => {
      const { jobType, ...body } = request.body;
      return answerTo(service, request, jobType, body);
    },
  );
};

/** The routes of the source documents, in their shapes (checklist A6-A8, C7), with more fields. */
export const jobRoutes = (app: App, deps: RouteDeps): void => {
  jobStatus(app, deps);
  jobHistory(app, deps);
  triggerJob(app, deps);
  triggerJobType(app, deps);
};
