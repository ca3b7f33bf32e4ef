import { Type } from 'typebox';
import { CarillonError } from '../../core/errors.ts';
import type { App, RouteDeps } from '../app.ts';
import { readIntake } from '../intake.ts';
import { demand } from '../plugins/auth.ts';
import { Exact, Nullable, problems, Reason } from '../schemas.ts';
import type { ImportProgress } from '../service.ts';

const Progress = Exact({
  id: Type.String(),
  status: Type.String({ description: 'running, finished or failed' }),
  lines: Type.Integer(),
  done: Type.Integer(),
  cursor: Nullable(Type.String()),
  held: Type.Integer({ description: 'Effects of its facts that wait for approval: replay or discard them with POST /api/v1/parked' }),
  message: Type.Optional(Type.String()),
});

const viewOf = ({ id, status, lines, done, cursor, held, message }: ImportProgress) => ({
  id,
  status,
  lines,
  done,
  cursor,
  held,
  ...(message === undefined ? {} : { message }),
});

const mediaType = 'application/x-ndjson';

/** Files of past facts: checked whole before anything is done, then walked in the background. */
export const importRoutes = (app: App, { service, limits }: RouteDeps): void => {
  app.addContentTypeParser(mediaType, { parseAs: 'string' }, (_request, text, done) => done(null, text));
  app.post(
    '/api/v1/imports',
    {
      config: { role: 'operate', accepts: mediaType },
      bodyLimit: limits.importBody,
      schema: {
        operationId: 'startImport',
        tags: ['imports'],
        summary: 'Imports an NDJSON file of commands with their instants',
        description: 'A malformed line refuses the whole file and is named. The same file again goes on where it stopped.',
        consumes: [mediaType],
        querystring: Exact({ name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$' }), reason: Reason }),
        response: { 202: Progress, ...problems(409, 422) },
      },
    },
    async (request, reply) => {
      if (typeof request.body !== 'string') throw new CarillonError('import-invalid', 'The file is empty');
      const { lines, role } = await readIntake(service.registry, request.body, () => service.clock.sleep(0));
      const { name: by } = demand(request.identity, role);
      const progress = await service.imports.start(request.query.name, lines, by, request.query.reason);
      return reply
        .code(202)
        .header('location', `/api/v1/imports/${encodeURIComponent(progress.id)}`)
        .send(viewOf(progress));
    },
  );
  app.get(
    '/api/v1/imports/:id',
    {
      config: { role: 'read' },
      schema: {
        operationId: 'getImport',
        tags: ['imports'],
        summary: 'How far an import is',
        params: Exact({ id: Type.String({ minLength: 1, maxLength: 200 }) }),
        response: { 200: Progress, ...problems(404) },
      },
    },
    async (request) => {
      const progress = await service.imports.progress(request.params.id);
      if (progress === null) throw new CarillonError('not-found', 'There is no such import');
      return viewOf(progress);
    },
  );
};
