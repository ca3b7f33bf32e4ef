import helmet from '@fastify/helmet';
import { CarillonError } from '../core/errors.ts';
import { type App, newApp, type RouteDeps } from './app.ts';
import { createBackfills } from './backfill.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { installAuth } from './plugins/auth.ts';
import { installErrors } from './plugins/errors.ts';
import { installInput } from './plugins/input.ts';
import { createLive } from './plugins/live.ts';
import { installOpenApi } from './plugins/openapi.ts';
import { createRates } from './plugins/rate.ts';
import { commandRoutes } from './routes/commands.ts';
import { entityRoutes } from './routes/entities.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { importRoutes } from './routes/imports.ts';
import { jobRoutes } from './routes/jobs.ts';
import { leaderboardRoutes } from './routes/leaderboards.ts';
import { parkedRoutes } from './routes/parked.ts';
import { projectionRoutes } from './routes/projections.ts';
import { runRoutes } from './routes/runs.ts';
import { scheduleChangeRoutes } from './routes/schedule-changes.ts';
import { scheduleReadRoutes } from './routes/schedules.ts';
import { serviceRoutes } from './routes/service.ts';
import { simulateRoutes } from './routes/simulate.ts';
import { streamRoutes } from './routes/streams.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import type { Service } from './service.ts';
import { createTokens } from './tokens.ts';

export type ServerOptions = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** True: GET /metrics asks for no token. */
  readonly metricsPublic?: boolean;
  /** Addresses whose X-Forwarded-For is believed; none unless told. */
  readonly trustedProxies?: readonly string[];
  readonly limits?: Partial<Limits>;
};

export type Server = {
  /** The Fastify instance, for tests (`inject`) and for plugins such as the dashboard. */
  readonly app: App;
  /** `http://127.0.0.1:7070`; null before `listen`. */
  address(): string | null;
  /** Throws `port-in-use`. */
  listen(): Promise<string>;
  /** Takes no new requests, ends live connections, and waits for what is being answered. */
  close(): Promise<void>;
};

const policy = { defaultSrc: ["'none'"], baseUri: ["'none'"], frameAncestors: ["'none'"], formAction: ["'none'"] };

/** Answers are for their reader alone: no cache keeps them, no page runs or frames them. */
const installHeaders = async (app: App): Promise<void> => {
  await app.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: policy }, strictTransportSecurity: false });
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'));
};

const portError = (error: unknown, { host, port }: ServerOptions): unknown => {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE')
    return new CarillonError('port-in-use', `Port ${port} on ${host} is in use; CARILLON_PORT chooses another`, { port }, error);
  if (code === 'EACCES')
    return new CarillonError('config-invalid', `Port ${port} on ${host} may not be opened; CARILLON_PORT chooses another`, { port }, error);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new CarillonError('config-invalid', `Host ${host} is not an address of this machine; CARILLON_HOST chooses another`, {}, error);
  return error;
};

/** Builds the HTTP API on a running service; `listen` opens the port. The order of the hooks is: rate, token, role, media type, body. */
export const createServer = async (service: Service, options: ServerOptions): Promise<Server> => {
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const metricsPublic = options.metricsPublic ?? false;
  const tokens = createTokens(service, limits.tokenCache);
  const app = newApp(service, limits, options.trustedProxies ?? []);
  const deps: RouteDeps = { service, limits };

  installErrors(app, service);
  await installHeaders(app);
  const rates = await createRates(app, limits);
  app.addHook('onRequest', rates.address);
  installAuth(app, tokens, ['/livez', '/readyz', ...(metricsPublic ? ['/metrics'] : [])], rates.refused);
  app.addHook('onRequest', async (request, reply) => (request.identity === null ? undefined : rates.token(request, reply)));
  installInput(app);
  await installOpenApi(app, service);
  const live = await createLive(app, service, tokens, limits);

  healthRoutes(app, service, tokens);
  jobRoutes(app, deps);
  simulateRoutes(app, deps);
  runRoutes(app, deps);
  scheduleReadRoutes(app, deps);
  scheduleChangeRoutes(app, deps, createBackfills(app, service));
  entityRoutes(app, deps);
  commandRoutes(app, deps);
  importRoutes(app, deps);
  parkedRoutes(app, deps);
  leaderboardRoutes(app, deps);
  streamRoutes(app, deps);
  eventRoutes(app, deps, live);
  projectionRoutes(app, deps);
  tokenRoutes(app, deps, tokens);
  webhookRoutes(app, deps);
  serviceRoutes(app, deps, metricsPublic);

  let address: string | null = null;
  return {
    app,
    address: () => address,
    listen: async () => {
      try {
        address = await app.listen({ host: options.host, port: options.port });
        return address;
      } catch (error) {
        throw portError(error, options);
      }
    },
    close: () => app.close(),
  };
};
