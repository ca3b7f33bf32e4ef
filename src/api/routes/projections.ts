import { Type } from 'typebox';
import { CarillonError } from '../../core/errors.ts';
import type { App, RouteDeps } from '../app.ts';
import { identityOf } from '../plugins/auth.ts';
import { Exact, Nullable, problems, Reason } from '../schemas.ts';
import type { Service } from '../service.ts';

const Name = Exact({ name: Type.String({ pattern: '^[a-z][a-z0-9_-]{0,59}$' }) });
const Progress = Exact({ done: Type.Integer(), total: Type.Integer() });
const View = Exact({
  name: Type.String(),
  version: Type.Integer(),
  checkpoint: Nullable(Type.String()),
  lag: Type.Integer({ description: 'Positions behind the log: events where the store counts them, bytes in KurrentDB' }),
  rebuilding: Nullable(Progress),
});
const body = Exact({ reason: Type.Optional(Reason) });

/** Rebuilds that are running in this process, and how far. */
type Running = Map<string, { done: number; total: number }>;

const known = async (service: Service, name: string): Promise<void> => {
  const all = await service.projections.list();
  if (!all.some((projection) => projection.name === name)) throw new CarillonError('not-found', `No projection is named "${name}"`);
};

const list = (app: App, service: Service, running: Running): void => {
  app.get(
    '/api/v1/projections',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'listProjections',
        tags: ['projections'],
        summary: 'Lists projections and their lag',
        response: { 200: Exact({ projections: Type.Array(View) }) },
      },
    },
    async () => {
      const all = await service.projections.list();
      return { projections: all.map((projection) => ({ ...projection, rebuilding: running.get(projection.name) ?? null })) };
    },
  );
};

/** One rebuild or verification of a projection at a time: both fill the same tables. */
const alone = async <T>(running: Running, name: string, work: () => Promise<T>): Promise<T> => {
  if (running.has(name)) throw new CarillonError('already-running', `A rebuild or verification of "${name}" is running`);
  running.set(name, { done: 0, total: 0 });
  try {
    return await work();
  } finally {
    running.delete(name);
  }
};

const rebuild = (app: App, service: Service, running: Running): void => {
  app.post(
    '/api/v1/projections/:name/rebuild',
    {
      config: { role: 'operate' },
      schema: {
        operationId: 'rebuildProjection',
        tags: ['projections'],
        summary: 'Builds a projection again and swaps it in; answers when done',
        params: Name,
        body,
        response: { 200: Exact({ name: Type.String(), events: Type.Integer(), hash: Type.String() }), ...problems(404, 409) },
      },
    },
    async (request) => {
      const { name } = request.params;
      await known(service, name);
      const facts = { projection: name, by: identityOf(request).name, reason: request.body.reason ?? '' };
      service.observers.note({ kind: 'log', level: 'info', scope: 'api', message: 'rebuild asked for', facts });
      const progress = (done: number, total: number) => void running.set(name, { done, total });
      return { name, ...(await alone(running, name, () => service.projections.rebuild(name, progress))) };
    },
  );
};

const verify = (app: App, service: Service, running: Running): void => {
  app.post(
    '/api/v1/projections/:name/verify',
    {
      config: { role: 'operate' },
      schema: {
        operationId: 'verifyProjection',
        tags: ['projections'],
        summary: 'Builds a projection beside the live one and compares their hashes',
        params: Name,
        body,
        response: {
          200: Exact({ name: Type.String(), equal: Type.Boolean(), live: Type.String(), rebuilt: Type.String() }),
          ...problems(404, 409),
        },
      },
    },
    async (request) => {
      const { name } = request.params;
      await known(service, name);
      const progress = (done: number, total: number) => void running.set(name, { done, total });
      return { name, ...(await alone(running, name, () => service.projections.verify(name, progress))) };
    },
  );
};

/** Projections: where they are, built again beside the live one, and the proof that both are equal. */
export const projectionRoutes = (app: App, { service }: RouteDeps): void => {
  const running: Running = new Map();
  list(app, service, running);
  rebuild(app, service, running);
  verify(app, service, running);
};
