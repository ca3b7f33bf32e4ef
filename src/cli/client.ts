import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CarillonError, type ErrorCode, errorCodes } from '../core/errors.ts';
import { CliEnd, exitOf, exits } from './exit.ts';

export type Method = 'GET' | 'POST' | 'DELETE';
export type Answer = { readonly status: number; readonly body: unknown };

/** Calls the API, over HTTP or in this process; errors become ends with their exit code and next step. */
export type Client = {
  call<T>(method: Method, path: string, body?: unknown, contentType?: string): Promise<T>;
  /** The answer as it came, whatever its status. */
  ask(method: Method, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  /** The raw answer to a stream of events; null when there is no running server. */
  open(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response | null>;
  readonly where: string;
  close(): Promise<void>;
};

type Problem = {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly next?: string;
  readonly rule?: string;
  readonly facts?: unknown;
};

const ruleOf = ({ rule, facts }: Problem, said: string): string => {
  if (rule === undefined) return '';
  const told = facts === undefined || facts === null ? '' : ` ${JSON.stringify(facts)}`;
  return said.includes(rule) ? told : ` by rule ${rule}${told}`;
};

/** Throws the end that a problem document stands for. */
export const unwrap = <T>({ status, body }: Answer): T => {
  if (status < 400) return body as T;
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Problem;
  const code = problem.code ?? 'internal';
  const said = problem.detail ?? problem.title ?? `HTTP ${status}`;
  const next = problem.next ?? (code in errorCodes ? errorCodes[code as ErrorCode].next : null);
  throw new CliEnd(exitOf(code), `${said}${ruleOf(problem, said)} (${code})`, next);
};

/** A server to call; `named` by a flag or the environment, else found in the folder. */
export type Target = { readonly url: string; readonly token: string; readonly named?: boolean };

const read = (file: string): string | null => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
};

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const announcedIn = (folder: string): { readonly url: string; readonly pid: number } | null => {
  try {
    return JSON.parse(read(join(folder, 'server.json')) ?? 'null') as { url: string; pid: number } | null;
  } catch {
    return null;
  }
};

const isLoopback = (url: string): boolean => /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/i.test(url);

/** The folder's admin token is for the machine it lies on: another host gets only a token that was named for it. */
const tokenFor = (folder: string, url: string, here: string | null, tokenFile: string | undefined, env: NodeJS.ProcessEnv): string => {
  const admin = join(folder, 'admin.token');
  const token = tokenFile === undefined ? env.CARILLON_TOKEN || (url === here || isLoopback(url) ? read(admin) : null) : read(tokenFile);
  if (token !== null) return token;
  if (tokenFile === undefined && url !== here && !isLoopback(url))
    throw new CliEnd(exits.notAllowed, `There is no token for ${url}`, 'Name one with --token-file or CARILLON_TOKEN.');
  throw new CarillonError('unauthorized', `There is no token: ${tokenFile ?? admin} cannot be read`);
};

const probeMs = 2_000;

/** The running server of a folder, or the one that flags or the environment name; null when none runs. Throws `unauthorized` without a token. */
export const findServer = (
  folder: string,
  options: { readonly url?: string; readonly tokenFile?: string },
  env = process.env,
): Target | null => {
  const server = announcedIn(folder);
  const here = server !== null && alive(server.pid) ? server.url : null;
  const url = options.url ?? here;
  if (url === null) return null;
  return { url, token: tokenFor(folder, url, here, options.tokenFile, env), named: options.url !== undefined };
};

/** False when nobody listens there: a killed server leaves its announcement, and its pid may be another's by now. */
export const listens = async (url: string): Promise<boolean> => {
  try {
    await (await fetch(new URL('/livez', url), { signal: AbortSignal.timeout(probeMs) })).body?.cancel();
    return true;
  } catch (error) {
    return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code !== 'ECONNREFUSED';
  }
};

const parsed = async (response: Response): Promise<unknown> => {
  const text = await response.text();
  if (!/json/.test(response.headers.get('content-type') ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** A client of a running server. Throws `service-unreachable`. */
export const httpClient = ({ url, token }: Target): Client => {
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    try {
      return await fetch(new URL(path, url), { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new CarillonError('service-unreachable', `Nothing answers at ${url}`, {}, error);
    }
  };
  const ask = async (method: Method, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const payload = body === undefined ? {} : { body: text, headers: { 'content-type': contentType } };
    const response = await request(path, { method, ...payload });
    return { status: response.status, body: await parsed(response) };
  };
  return {
    where: url,
    ask,
    call: async <T>(method: Method, path: string, body?: unknown, contentType?: string): Promise<T> =>
      unwrap<T>(await ask(method, path, body, contentType)),
    open: async (path, headers, signal) => {
      const response = await request(path, { headers, signal });
      if (!response.ok) unwrap({ status: response.status, body: await parsed(response) });
      return response;
    },
    close: async () => undefined,
  };
};
