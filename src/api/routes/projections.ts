import { Type } from 'typebox';
import { CarillonError } from '../../core/errors.ts';
import type { App, RouteDeps } from '../app.ts';
import { identityOf } from '../plugins/auth.ts';
import { Exact, Nullable, problems, Reason } from '../schemas.ts';

const Name = Exact({ name: Type.String({ pattern: '^[a-z][a-z0-9_-]{0,59}$' }) });
const Progress = Exact({ done: Type.Integer(), total: Type.Integer() });
const View = Exact({
  name: Type.String(),
  version: Type.Integer(),
  checkpoint: Nullable(Type.String()),
  lag: Type.Integer({ description: 'Events behind the log' }),
  rebuilding: Nullable(Progress),
});
const body = Exact({ reason: Type.Optional(Reason) });

/** Projections: where they are, built again beside the live one, and the proof that both are equal. */
export const projectionRoutes = (app: App, { service }: RouteDeps): void => {
  const running = new Map<string, { done: number; total: number }>();

  const known = async (name: string): Promise<void> => {
    const all = await service.projections.list();
    if (!all.some((projection) => projection.name === name)) throw new CarillonError('not-found', `No projection is named "${name}"`);
  };

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
      return {
        projections: all.map(({ name, version, checkpoint, lag }) => ({
          name,
          version,
          checkpoint,
          lag,
          rebuilding: running.get(name) ?? null,
        })),
      };
    },
  );
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
      await known(name);
      if (running.has(name)) throw new CarillonError('already-running', `A rebuild of "${name}" is running`);
      running.set(name, { done: 0, total: 0 });
      const facts = { projection: name, by: identityOf(request).name, reason: request.body.reason ?? '' };
      service.observers.note({ kind: 'log', level: 'info', scope: 'api', message: 'rebuild asked for', facts });
      try {
        const { events, hash } = await service.projections.rebuild(name, (done, total) => void running.set(name, { done, total }));
        return { name, events, hash };
      } finally {
        running.delete(name);
      }
    },
  );
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
          ...problems(404),
        },
      },
    },
    async (request) => {
      const { name } = request.params;
      await known(name);
      const { equal, live, rebuilt } = await service.projections.verify(name);
      return { name, equal, live, rebuilt };
    },
  );
};
