import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CarillonError, type ErrorCode, errorCodes } from '../core/errors.ts';
import { CliEnd, exitOf } from './exit.ts';

export type Method = 'GET' | 'POST' | 'DELETE';
export type Answer = { readonly status: number; readonly body: unknown };

/** Calls the API, over HTTP or in this process; errors become ends with their exit code and next step. */
export type Client = {
  call<T>(method: Method, path: string, body?: unknown, contentType?: string): Promise<T>;
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

/** Throws the end that a problem document stands for. */
export const unwrap = <T>({ status, body }: Answer): T => {
  if (status < 400) return body as T;
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Problem;
  const code = problem.code ?? 'internal';
  const rule =
    problem.rule === undefined
      ? ''
      : ` by rule ${problem.rule}${problem.facts === undefined || problem.facts === null ? '' : ` ${JSON.stringify(problem.facts)}`}`;
  const next = problem.next ?? (code in errorCodes ? errorCodes[code as ErrorCode].next : null);
  throw new CliEnd(exitOf(code), `${problem.detail ?? problem.title ?? `HTTP ${status}`}${rule} (${code})`, next);
};

export type Target = { readonly url: string; readonly token: string };

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

/** The running server of a folder, or the one that flags or the environment name; null when none runs. Throws `unauthorized` without a token. */
export const findServer = (
  folder: string,
  options: { readonly url?: string; readonly tokenFile?: string },
  env = process.env,
): Target | null => {
  const announced = read(join(folder, 'server.json'));
  const server = announced === null ? null : (JSON.parse(announced) as { url: string; pid: number });
  const url = options.url ?? (server !== null && alive(server.pid) ? server.url : null);
  if (url === null) return null;
  const token = options.tokenFile === undefined ? (env.CARILLON_TOKEN ?? read(join(folder, 'admin.token'))) : read(options.tokenFile);
  if (token === null)
    throw new CarillonError('unauthorized', `There is no token: ${options.tokenFile ?? join(folder, 'admin.token')} cannot be read`);
  return { url, token };
};

const parsed = async (response: Response): Promise<unknown> => {
  const text = await response.text();
  return /json/.test(response.headers.get('content-type') ?? '') && text !== '' ? JSON.parse(text) : text;
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
  return {
    where: url,
    call: async <T>(method: Method, path: string, body?: unknown, contentType = 'application/json'): Promise<T> => {
      const payload =
        body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': contentType } };
      const response = await request(path, { method, ...payload });
      return unwrap<T>({ status: response.status, body: await parsed(response) });
    },
    open: async (path, headers, signal) => {
      const response = await request(path, { headers, signal });
      if (!response.ok) unwrap({ status: response.status, body: await parsed(response) });
      return response;
    },
    close: async () => undefined,
  };
};
