import { Type } from 'typebox';
import type { ScheduleState } from '../../contexts/engine/schedule/events.ts';
import { jobOfKey, scopeOfKey } from '../../core/ids.ts';
import { type Instant, instant, plus } from '../../core/instant.ts';
import { nextSlot } from '../../core/slots.ts';
import { idOf } from '../../core/stream.ts';
import { listActors } from '../actors.ts';
import type { App, RouteDeps } from '../app.ts';
import { findSchedule, nextOf, timetableText } from '../schedules.ts';
import { AnyJson, Cursor, Exact, InstantText, Limit, Next, Nullable, problems } from '../schemas.ts';

export const ScheduleKey = Exact({
  key: Type.String({ minLength: 1, maxLength: 230, description: 'The key, URL-encoded, or an alias or short name of the job' }),
});
const View = Exact({
  key: Type.String(),
  job: Type.String(),
  scope: Type.String(),
  status: Type.String(),
  schedule: Nullable(Type.String()),
  zone: Nullable(Type.String()),
  enabled: Type.Boolean(),
  version: Type.Integer(),
  catchUp: Nullable(Type.String()),
  overlap: Nullable(Type.String()),
  paused: AnyJson,
  open: AnyJson,
  last: AnyJson,
  watermark: Nullable(Type.String()),
  next: Nullable(Type.String()),
  unfinished: Type.Array(Type.String()),
});

const viewOf = (key: string, state: ScheduleState) => {
  const { status, definition, version, paused, open, last, watermark, unfinished } = state;
  return {
    key,
    job: jobOfKey(key),
    scope: scopeOfKey(key),
    status,
    version,
    paused,
    open,
    last,
    watermark,
    schedule: definition && timetableText(definition.schedule),
    zone: definition?.zone ?? null,
    enabled: definition?.enabled ?? false,
    catchUp: definition?.catchUp ?? null,
    overlap: definition?.overlap ?? null,
    next: nextOf(state),
    unfinished: Object.keys(unfinished),
  };
};

const slotsAfter = (state: ScheduleState, from: Instant, count: number): Instant[] => {
  const slots: Instant[] = [];
  const { definition } = state;
  for (let after = from; definition !== null && slots.length < count; ) {
    const slot = nextSlot(definition.schedule, definition.zone, after);
    if (slot === null) break;
    slots.push(slot);
    after = slot;
  }
  return slots;
};

const listSchedules = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/schedules',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'listSchedules',
        tags: ['schedules'],
        summary: 'Lists schedules',
        querystring: Exact({ limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) }),
        response: { 200: Exact({ schedules: Type.Array(View), next: Next }) },
      },
    },
    async (request) => {
      const { rows, next } = await listActors(service, 'engine.schedule', request.query);
      return { schedules: rows.map((row) => viewOf(idOf(row.stream), row.state as unknown as ScheduleState)), next };
    },
  );
};

const getSchedule = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/schedules/:key',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'getSchedule',
        tags: ['schedules'],
        summary: 'One schedule',
        params: ScheduleKey,
        response: { 200: View, ...problems(404) },
      },
    },
    async (request) => {
      const { key, state } = await findSchedule(service, request.params.key);
      return viewOf(key, state);
    },
  );
};

const nextSlots = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/schedules/:key/next',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'nextSlots',
        tags: ['schedules'],
        summary: 'The next slots, also of a paused or disabled schedule',
        params: ScheduleKey,
        querystring: Exact({ count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })), from: Type.Optional(InstantText) }),
        response: { 200: Exact({ key: Type.String(), zone: Nullable(Type.String()), slots: Type.Array(Type.String()) }), ...problems(404) },
      },
    },
    async (request) => {
      const { count = 10, from } = request.query;
      const { key, state } = await findSchedule(service, request.params.key);
      const start = from === undefined ? service.clock.now() : plus(instant(from), -1);
      return { key, zone: state.definition?.zone ?? null, slots: slotsAfter(state, start, count) };
    },
  );
};

/** Reading schedules: what they say, what is open, what comes next. */
export const scheduleReadRoutes = (app: App, deps: RouteDeps): void => {
  listSchedules(app, deps);
  getSchedule(app, deps);
  nextSlots(app, deps);
};
