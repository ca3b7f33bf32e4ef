import { Type } from 'typebox';
import { CarillonError, errorCodes } from '../../core/errors.ts';
import type { App, RouteDeps } from '../app.ts';
import { identityOf } from '../plugins/auth.ts';
import { AnyJson, Exact, Nullable, problems, Reason } from '../schemas.ts';

const Folder = Type.String({
  minLength: 1,
  maxLength: 1_000,
  pattern: '^[^\\u0000-\\u001f]+$',
  description: 'A folder of the server that does not exist yet',
});
const ErrorEntry = Exact({ code: Type.String(), status: Type.Integer(), transient: Type.Boolean(), next: Type.String() });

const getConfig = (app: App, { service }: RouteDeps): void => {
  app.get(
    '/api/v1/config',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'getConfig',
        tags: ['service'],
        summary: 'The effective configuration, secrets masked',
        response: { 200: Exact({ version: Type.String(), values: AnyJson, sources: AnyJson }) },
      },
    },
    () => ({ version: service.version, values: service.config.values, sources: service.config.sources }),
  );
};

const backup = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/backup',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'backup',
        tags: ['service'],
        summary: 'Copies event store and vault into a new folder of the server',
        body: Exact({ folder: Folder, reason: Type.Optional(Reason) }),
        response: { 200: Exact({ files: Type.Array(Type.String()), position: Nullable(Type.String()) }) },
      },
    },
    async (request) => {
      const { files, position } = await service.backup(request.body.folder);
      const facts = { by: identityOf(request).name, reason: request.body.reason ?? '' };
      service.observers.note({ kind: 'log', level: 'info', scope: 'api', message: 'backup written', facts });
      return { files: [...files], position };
    },
  );
};

const confirmClock = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/clock/confirm',
    {
      config: { role: 'operate' },
      schema: {
        operationId: 'confirmClock',
        tags: ['service'],
        summary: 'Says that the clock of this process is right after a jump; without a word it is believed after a steady minute',
        body: Exact({ reason: Reason }),
        response: { 200: Exact({ now: Type.String(), trouble: Nullable(Type.String()) }) },
      },
    },
    async (request) => {
      service.clock.confirm?.();
      const facts = { by: identityOf(request).name, reason: request.body.reason };
      service.observers.note({ kind: 'log', level: 'warn', scope: 'api', message: 'the clock was confirmed', facts });
      return { now: service.clock.now(), trouble: service.clock.trouble?.() ?? null };
    },
  );
};

const compact = (app: App, { service }: RouteDeps): void => {
  app.post(
    '/api/v1/compact',
    {
      config: { role: 'admin' },
      schema: {
        operationId: 'compact',
        tags: ['service'],
        summary: 'Gives the room of erased and trimmed events back; nothing else happens meanwhile, for seconds a gigabyte',
        body: Exact({ reason: Reason }),
        response: { 200: Exact({ bytesBefore: Type.Integer(), bytesAfter: Type.Integer() }) },
      },
    },
    async (request) => {
      const facts = { by: identityOf(request).name, reason: request.body.reason };
      service.observers.note({ kind: 'log', level: 'info', scope: 'api', message: 'compaction begins', facts });
      return { ...(await service.compact()) };
    },
  );
};

const metrics = (app: App, { service }: RouteDeps, metricsPublic: boolean): void => {
  app.get(
    '/metrics',
    {
      config: { role: metricsPublic ? 'public' : 'read' },
      schema: {
        operationId: 'metrics',
        tags: ['service'],
        summary: 'Metrics as Prometheus text',
        produces: ['text/plain'],
        response: { 200: { description: 'Metrics', content: { 'text/plain': { schema: Type.String() } } }, ...problems(404) },
      },
    },
    async (_request, reply) => {
      const text = await service.metrics();
      if (text === null) throw new CarillonError('not-found', 'Metrics are off');
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
    },
  );
};

const getErrorCode = (app: App): void => {
  app.get(
    '/errors/:code',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'getErrorCode',
        tags: ['service'],
        summary: 'What an error code means',
        params: Exact({ code: Type.String({ maxLength: 60 }) }),
        response: { 200: ErrorEntry, ...problems(404) },
      },
    },
    async (request) => {
      const { code } = request.params;
      if (!Object.hasOwn(errorCodes, code)) throw new CarillonError('not-found', 'There is no such error code');
      return { code, ...errorCodes[code as keyof typeof errorCodes] };
    },
  );
};

/** The service itself: configuration, backup, metrics, and what its error codes mean. */
export const serviceRoutes = (app: App, deps: RouteDeps, metricsPublic: boolean): void => {
  getConfig(app, deps);
  backup(app, deps);
  compact(app, deps);
  confirmClock(app, deps);
  metrics(app, deps, metricsPublic);
  getErrorCode(app);
};
