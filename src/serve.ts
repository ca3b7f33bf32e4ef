import { createServer } from './api/server.ts';
import type { Service } from './api/service.ts';
import { hashToken, idOfToken, type NewToken, newToken } from './api/token-text.ts';
import type { Config } from './config.ts';
import type { Answer, Command } from './core/command.ts';
import { CarillonError, isTransient, messageOf } from './core/errors.ts';
import type { Json } from './core/json.ts';

/** Where a process keeps its first admin token and tells where it listens. */
export type Desk = {
  readonly adminToken: string | null;
  keepAdminToken(text: string): void;
  announce(server: { readonly url: string; readonly pid: number; readonly version: string }): void;
  leave(): void;
};

/** Calls a route without a port, as an admin. */
export type Inject = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: Json,
  contentType?: string,
) => Promise<{ readonly status: number; readonly body: unknown }>;

const againMs = 1_000;

/** The processes that answer may start later than this one. */
const untilAnswered = async ({ commands, clock, observers }: Service, command: Command): Promise<Answer> => {
  for (;;) {
    try {
      const answer = await commands.send(command);
      if (answer.kind !== 'failed' || !answer.transient) return answer;
    } catch (error) {
      if (!isTransient(error)) throw error;
      observers.note({ kind: 'log', level: 'warn', scope: 'api', message: `no process handles tokens yet: ${messageOf(error)}` });
    }
    await clock.sleep(againMs);
  }
};

const createAdmin = async (service: Service, token: NewToken): Promise<void> => {
  const answer = await untilAnswered(service, {
    id: `first-admin-${token.id}`,
    to: `engine.token-${token.id}`,
    type: 'CreateToken',
    data: { name: 'admin', role: 'admin', sha256: token.sha256, expiresAt: null },
    asOf: service.clock.now(),
    by: 'first start',
  });
  const there = answer.kind === 'accepted' || (answer.kind === 'rejected' && answer.rule === 'token-exists');
  if (!there) throw new CarillonError('internal', `The first admin token was ${answer.kind}`);
};

/** The first admin token: the one that is configured, or the desk's own, made at its first start and kept for its owner only. */
const ensureAdmin = async (service: Service, config: Config, desk: Desk): Promise<string> => {
  if (config.adminToken !== '') {
    const text = config.adminToken;
    const id = idOfToken(text);
    if (id === null)
      throw new CarillonError(
        'config-invalid',
        'adminToken must be crl_<16 hex digits>_<43 characters of base64url> (CARILLON_ADMIN_TOKEN)',
      );
    await createAdmin(service, { id, text, sha256: hashToken(text) });
    return text;
  }
  if (desk.adminToken !== null) return desk.adminToken;
  const token = newToken(service.secrets, service.ids.next());
  await createAdmin(service, token);
  desk.keepAdminToken(token.text);
  return token.text;
};

/** Serves a service over HTTP; `url` is null when it only answers `inject`. Throws `port-in-use`. */
export const serve = async (
  service: Service,
  config: Config,
  desk: Desk,
  listen: boolean,
): Promise<{ readonly url: string | null; readonly inject: Inject; close(): Promise<void> }> => {
  const token = await ensureAdmin(service, config, desk);
  const server = await createServer(service, { host: config.host, port: config.port, metricsPublic: config.metricsPublic });
  const url = listen ? await server.listen() : null;
  if (url !== null) desk.announce({ url, pid: process.pid, version: service.version });
  return {
    url,
    inject: async (method, path, body, contentType) => {
      const answer = await server.app.inject({
        method,
        url: path,
        headers: { authorization: `Bearer ${token}`, ...(contentType === undefined ? {} : { 'content-type': contentType }) },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      const type = String(answer.headers['content-type'] ?? '');
      return { status: answer.statusCode, body: /json/.test(type) ? answer.json() : answer.body };
    },
    close: async () => {
      if (url !== null) desk.leave();
      await server.close();
    },
  };
};
