import { Type } from 'typebox';
import { scopedDefinition } from '../../core/definition.ts';
import { CarillonError } from '../../core/errors.ts';
import { jobOfKey, scheduleStream, scopeOfKey } from '../../core/ids.ts';
import { instant } from '../../core/instant.ts';
import type { AnyJob } from '../../core/job.ts';
import type { Json } from '../../core/json.ts';
import { streamName } from '../../core/stream.ts';
import type { App, RouteDeps } from '../app.ts';
import { type Backfills, planBackfill } from '../backfill.ts';
import { type Granted, send } from '../order.ts';
import { findSchedule, timetableOf } from '../schedules.ts';
import { Exact, InstantText, Nullable, Reason, refusals, WithReason } from '../schemas.ts';
import { ScheduleKey } from './schedules.ts';

const Changed = Exact({ key: Type.String(), status: Type.String(), position: Nullable(Type.String()) });

const changedView = (key: string, status: string, answer: Granted) => ({
  key,
  status,
  position: answer.kind === 'accepted' ? answer.position : null,
});

const scopeShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;

/** The job of a key, when its schedules are data. */
const scopedJob = ({ registry }: RouteDeps['service'], key: string): AnyJob => {
  const job = registry.jobs.get(registry.find(jobOfKey(key)).name);
  if (job?.scopeOf === undefined)
    throw new CarillonError(
      'bad-request',
      `key: the schedule of ${jobOfKey(key)} stands in its code; only jobs with scopeOf are defined here`,
    );
  if (!scopeShape.test(scopeOfKey(key)))
    throw new CarillonError('bad-request', 'key: <job>/<scope>, the scope of letters, digits, dot, dash and underscore, at most 80');
  return job;
};

const pauseSchedule = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/schedules/:key/pause',
    {
      config: { role: 'operate' },
      schema: {
        operationId: 'pauseSchedule',
        tags: ['schedules'],
        summary: 'Pauses a schedule: its slots are recorded as skipped, and nothing settles its actors',
        params: ScheduleKey,
        body: Exact({ reason: Reason, until: Type.Optional(InstantText) }),
        response: { 200: Changed, ...refusals },
      },
    },
    async (request) => {
      const { reason, until } = request.body;
      const { key } = await findSchedule(service, request.params.key);
      const data = { until: until === undefined ? null : instant(until) };
      return changedView(
        key,
        'paused',
        await send(service, request, { to: streamName(scheduleStream(key)), type: 'PauseSchedule', data, reason }),
      );
    },
  );
};

type Change = { readonly verb: 'resume' | 'remove'; readonly type: string; readonly status: string; readonly summary: string };

const changeSchedule = (app: App, { service }: RouteDeps, { verb, type, status, summary }: Change): void => {
  app.post(
    `/api/v1/schedules/:key/${verb}`,
    {
      config: { role: 'operate' },
      schema: {
        operationId: `${verb}Schedule`,
        tags: ['schedules'],
        summary,
        params: ScheduleKey,
        body: WithReason,
        response: { 200: Changed, ...refusals },
      },
    },
    async (request) => {
      const { key } = await findSchedule(service, request.params.key);
      return changedView(
        key,
        status,
        await send(service, request, { to: streamName(scheduleStream(key)), type, data: {}, reason: request.body.reason }),
      );
    },
  );
};

const defineScope = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/schedules/:key/define',
    {
      config: { role: 'operate' },
      schema: {
        operationId: 'defineSchedule',
        tags: ['schedules'],
        summary: 'Gives one scope (tenant) of a job its schedule, or changes it; slots begin with the next one',
        params: Exact({ key: Type.String({ minLength: 3, maxLength: 230, description: '<job>/<scope>, URL-encoded' }) }),
        body: Exact({
          schedule: Type.Optional(
            Type.String({ minLength: 1, maxLength: 200, description: "A cron expression, or `every 90s`; the job's own when absent" }),
          ),
          zone: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
          enabled: Type.Optional(Type.Boolean()),
          reason: Reason,
        }),
        response: { 200: Changed, ...refusals },
      },
    },
    async (request) => {
      const { key } = request.params;
      const { schedule, zone, enabled, reason } = request.body;
      const definition = scopedDefinition(scopedJob(service, key), scopeOfKey(key), {
        ...(schedule === undefined ? {} : { schedule: timetableOf(schedule) }),
        ...(zone === undefined ? {} : { zone }),
        ...(enabled === undefined ? {} : { enabled }),
      });
      const data = { definition, activeFrom: service.clock.now() } as unknown as Json;
      return changedView(
        key,
        'active',
        await send(service, request, { to: streamName(scheduleStream(key)), type: 'DefineSchedule', data, reason }),
      );
    },
  );
};

const Planned = Exact({ slot: Type.String(), at: Type.String(), was: Type.String() });

const backfill = (app: App, { service }: RouteDeps, backfills: Backfills): void => {
  app.post(
    '/api/v1/schedules/:key/backfill',
    {
      config: { role: 'operate' },
      schema: {
        operationId: 'backfill',
        tags: ['schedules'],
        summary: 'Opens past slots that did not complete, one after the other; with dryRun only shows which',
        params: ScheduleKey,
        body: Exact({ from: InstantText, to: InstantText, reason: Reason, dryRun: Type.Optional(Type.Boolean()) }),
        response: { 200: Exact({ key: Type.String(), dryRun: Type.Boolean(), slots: Type.Array(Planned) }), ...refusals },
      },
    },
    async (request) => {
      const { from, to, reason, dryRun = false } = request.body;
      const { key, state } = await findSchedule(service, request.params.key);
      const plan = await planBackfill(service, key, state, instant(from), instant(to));
      if (!dryRun) await backfills.start(request, key, plan, reason);
      return { key, dryRun, slots: plan };
    },
  );
};

/** Changing schedules: define, pause, resume, remove, backfill; each with a reason. */
export const scheduleChangeRoutes = (app: App, deps: RouteDeps, backfills: Backfills): void => {
  defineScope(app, deps);
  pauseSchedule(app, deps);
  changeSchedule(app, deps, { verb: 'resume', type: 'ResumeSchedule', status: 'active', summary: 'Ends a pause' });
  const summary = 'Removes a schedule; one that stands in code comes back at the next start';
  changeSchedule(app, deps, { verb: 'remove', type: 'RemoveSchedule', status: 'removed', summary });
  backfill(app, deps, backfills);
};
