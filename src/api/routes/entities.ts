import { Type } from 'typebox';
import { CarillonError } from '../../core/errors.ts';
import { instant } from '../../core/instant.ts';
import { categoryOf } from '../../core/stream.ts';
import { findEntity, why } from '../../projections/why.ts';
import { stateAsOf } from '../../simulation/as-of.ts';
import type { App, RouteDeps } from '../app.ts';
import { entityNow } from '../entity.ts';
import { AnyJson, Exact, InstantText, Nullable, OneOf, problems } from '../schemas.ts';
import { withoutSecrets } from '../views.ts';

const Id = Exact({ id: Type.String({ minLength: 1, maxLength: 250, description: 'A stream, or a bare id when only one actor has it' }) });
const Text = Nullable(Type.String());
const Next = Nullable(Exact({ job: Type.String(), at: Type.String() }));
const Names = Type.Array(Type.String());
const Step = Exact({ job: Type.String(), at: Type.String(), rule: Type.String(), events: Names });
const Now = Exact({
  stream: Type.String(),
  revision: Type.Integer(),
  asOf: Text,
  recorded: AnyJson,
  now: Type.String(),
  state: AnyJson,
  steps: Type.Array(Step),
  held: Type.Array(Exact({ job: Type.String(), because: Type.String() })),
  next: Next,
});
const SlotCause = Exact({
  slot: Type.String(),
  verdict: Type.String(),
  cause: Type.String(),
  version: Type.Integer(),
  definedBy: Type.String(),
});
const Change = Exact({
  events: Names,
  revision: Type.Integer(),
  at: Type.String(),
  recordedAt: Type.String(),
  rule: Type.String(),
  facts: AnyJson,
  refused: Type.Boolean(),
  job: Text,
  correlation: Type.String(),
  command: Nullable(Exact({ id: Type.String(), by: Text, reason: Text })),
  slot: Nullable(SlotCause),
  followed: Type.Array(Exact({ stream: Type.String(), events: Names })),
});
const StandingSchema = Exact({
  job: Type.String(),
  rule: Type.String({
    description:
      'Why the job leaves the actor alone: not-due, due, paused, disabled, parked, failing, nothing-due, or the rule that ignored it',
  }),
  dueAt: Text,
  facts: AnyJson,
  lastSlot: Text,
});
const Explanation = Exact({
  stream: Type.String(),
  changes: Type.Array(Change),
  now: Exact({ state: AnyJson, next: Next, jobs: Type.Array(StandingSchema) }),
});
const AsOf = Exact({ stream: Type.String(), at: Type.String(), revision: Nullable(Type.Integer()), state: AnyJson, settled: AnyJson });

const getEntity = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/entities/:id',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'getEntity',
        tags: ['entities'],
        summary: 'An actor now: recorded, and with what is due by now applied',
        params: Id,
        response: { 200: Now, ...problems(404, 410) },
      },
    },
    async (request) => {
      const stream = await findEntity(service, request.params.id);
      const { recorded, state, ...rest } = await entityNow(service, stream);
      const category = categoryOf(stream);
      return { ...rest, recorded: withoutSecrets(category, recorded), state: withoutSecrets(category, state) };
    },
  );
};

const whyEntity = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/entities/:id/why',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'whyEntity',
        tags: ['entities'],
        summary: 'Why an actor is as it is: each decision, its rule, facts and cause, newest first',
        params: Id,
        querystring: Exact({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })) }),
        response: { 200: Explanation, ...problems(404, 410) },
      },
    },
    async (request) => {
      const stream = await findEntity(service, request.params.id);
      const { changes, now } = await why(service, stream, request.query.limit ?? 20);
      const told = changes.map((change) => ({
        ...change,
        events: [...change.events],
        followed: change.followed.map((each) => ({ stream: each.stream, events: [...each.events] })),
      }));
      return { stream, changes: told, now: { ...now, state: withoutSecrets(categoryOf(stream), now.state), jobs: [...(now.jobs ?? [])] } };
    },
  );
};

const entityAsOf = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/entities/:id/as-of',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'entityAsOf',
        tags: ['entities'],
        summary: 'An actor as it stood at an instant',
        params: Id,
        querystring: Exact({ at: InstantText, by: Type.Optional(OneOf('effect', 'recorded')) }),
        response: { 200: AsOf, ...problems(404, 410) },
      },
    },
    async (request) => {
      const at = instant(request.query.at);
      if (at > service.clock.now()) throw new CarillonError('bad-request', 'at is in the future; simulate tells what would come');
      const stream = await findEntity(service, request.params.id);
      const { revision, state, settled } = await stateAsOf(service, stream, at, request.query.by ?? 'effect');
      const category = categoryOf(stream);
      return { stream, at, revision, state: withoutSecrets(category, state), settled: withoutSecrets(category, settled) };
    },
  );
};

/** One actor: as it is now, as it was, and why. */
export const entityRoutes = (app: App, deps: RouteDeps): void => {
  getEntity(app, deps);
  whyEntity(app, deps);
  entityAsOf(app, deps);
};
