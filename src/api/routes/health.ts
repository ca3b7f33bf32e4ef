import { Type } from 'typebox';
import type { App } from '../app.ts';
import { identify } from '../plugins/auth.ts';
import { Exact } from '../schemas.ts';
import type { Service } from '../service.ts';
import type { Tokens } from '../tokens.ts';

const Word = Type.String({ description: 'One word' });
const Checks = Exact({
  ready: Type.Boolean(),
  checks: Type.Array(Exact({ name: Type.String(), ok: Type.Boolean(), detail: Type.String() })),
});

/** The two public routes: one word each. What exactly is wrong is told to tokens only. */
export const healthRoutes = (app: App, service: Service, tokens: Tokens): void => {
  app.get(
    '/livez',
    {
      config: { role: 'public' },
      schema: { operationId: 'livez', tags: ['service'], summary: 'The process runs', produces: ['text/plain'], response: { 200: Word } },
    },
    async (_request, reply) => reply.type('text/plain').send('ok'),
  );
  app.get(
    '/readyz',
    {
      config: { role: 'public' },
      schema: {
        operationId: 'readyz',
        tags: ['service'],
        summary: 'The service takes work; with ?verbose and a read token, each check',
        querystring: Exact({ verbose: Type.Optional(Type.String({ maxLength: 5 })) }),
        response: {
          200: { description: 'Ready', content: { 'text/plain': { schema: Word }, 'application/json': { schema: Checks } } },
          503: { description: 'Not ready', content: { 'text/plain': { schema: Word }, 'application/json': { schema: Checks } } },
        },
      },
    },
    async (request, reply) => {
      const verbose = request.query.verbose !== undefined && request.query.verbose !== 'false';
      if (verbose) await identify(tokens, request);
      const checks = await service.readiness();
      const ready = checks.every((check) => check.ok);
      void reply.code(ready ? 200 : 503);
      return verbose ? reply.send({ ready, checks: [...checks] }) : reply.type('text/plain').send(ready ? 'ready' : 'unready');
    },
  );
};
