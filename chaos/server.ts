import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, type Exit, exitWithin, start } from './processes.ts';

const bin = join(import.meta.dirname, '../bin/carillon.js');
const configFile = join(import.meta.dirname, 'carillon.config.ts');
/** The longest start: it must answer by then. */
const startWithinMs = 60_000;
/** The default of `drainSeconds`. */
export const drainLimitMs = 25_000;
/** A command that takes longer hangs. */
const endWithinMs = 60_000;
/** A request that takes longer than this has no answer: the process may be stopped. */
const answerWithinMs = 20_000;

export type Answer = { readonly status: number; readonly body: Record<string, unknown>; readonly text: string };

/** A Carillon started by its command line, and its HTTP API as the folder's admin. */
export type Server = {
  readonly child: Child;
  readonly url: string;
  /** Throws when no answer comes: the process is gone, or stands still. */
  call(method: string, path: string, body?: string, type?: string): Promise<Answer>;
};

/** Runs a command of the command line on a folder to its end. */
export const carillon = async (
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Exit & { errors: string }> => {
  const child = start([process.execPath, bin, ...args, '--folder', folder, '--config', configFile], () => undefined, { env });
  const exit = await exitWithin(child, endWithinMs);
  return { ...exit, errors: child.errors() };
};

/** Asks a server to stop; one that takes longer than its drain limit is killed, and says so by its signal. */
export const stopServer = async ({ child }: Server): Promise<Exit> => {
  child.signal('SIGTERM');
  return exitWithin(child, drainLimitMs + 10_000);
};

/** `carillon start` on a free port. Throws with what it said when it ends before it listens. */
export const startServer = async (folder: string, provider: string): Promise<Server> => {
  const listening = Promise.withResolvers<string>();
  const command = [process.execPath, bin, 'start', '--port', '0', '--folder', folder, '--config', configFile];
  const child = start(command, (line) => line.startsWith('Carillon listens on ') && listening.resolve(line.slice(20)), {
    env: { CHAOS_PROVIDER: provider },
  });
  const watchdog = setTimeout(
    () => listening.reject(new Error(`carillon start said nothing for ${startWithinMs / 1_000} s`)),
    startWithinMs,
  );
  void child.exited.then(({ code, signal }) =>
    listening.reject(new Error(`carillon start ended with ${code ?? signal} before it listened: ${child.errors()}`)),
  );
  const url = await listening.promise.finally(() => clearTimeout(watchdog));
  const token = readFileSync(join(folder, 'admin.token'), 'utf8').trim();
  return {
    child,
    url,
    call: async function call(method, path, body, type = 'application/json'): Promise<Answer> {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(answerWithinMs),
      });
      const text = await response.text();
      if (response.status === 429) {
        await sleep(Number(response.headers.get('retry-after') ?? 1) * 1_000);
        return call(method, path, body, type);
      }
      const isJson = (response.headers.get('content-type') ?? '').includes('json');
      return { status: response.status, text, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
    },
  };
};
