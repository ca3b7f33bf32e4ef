import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A child whose stdout is read line by line. It dies with this process. */
export type Child = {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** The last 4 KiB of its stderr. */
  errors(): string;
  signal(name: NodeJS.Signals): void;
};

const running = new Set<ChildProcess>();
/** Of a child's stderr. */
const keptErrors = 4_096;

// Stopped children cannot be told anything but SIGKILL.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => process.exit(130));

/** Starts a program; `onLine` gets each line of its stdout. */
export const start = (
  command: readonly string[],
  onLine: (line: string) => void,
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Child => {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env }, cwd: options.cwd });
  running.add(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk).slice(-keptErrors);
  });
  createInterface({ input: child.stdout }).on('line', onLine);
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    // `close` comes after the last line was read: what a killed child had acknowledged counts.
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  return { pid: child.pid ?? 0, exited, errors: () => errors, signal: (name) => void child.kill(name) };
};

/** Starts a TypeScript file of this folder with Node. */
export const startNode = (file: string, args: readonly string[], onLine: (line: string) => void, env: NodeJS.ProcessEnv = {}): Child =>
  start([process.execPath, file, ...args], onLine, { env });

/** Starts a child and waits for the line that begins with `word`; gives what follows it. */
export const startAndWait = async (file: string, args: readonly string[], word: string): Promise<{ child: Child; said: string }> => {
  const heard = Promise.withResolvers<string>();
  const child = startNode(file, args, (line) => line.startsWith(`${word} `) && heard.resolve(line.slice(word.length + 1)));
  void child.exited.then(({ code }) => heard.reject(new Error(`${file} ended with ${code}: ${child.errors()}`)));
  return { child, said: await heard.promise };
};

/** The end of a child; one that takes longer is killed, and says so by its signal. */
export const exitWithin = async (child: Child, ms: number): Promise<Exit> => {
  const watchdog = setTimeout(() => child.signal('SIGKILL'), ms);
  const exit = await child.exited;
  clearTimeout(watchdog);
  return exit;
};
