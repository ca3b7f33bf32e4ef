import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { tempFolder } from '../support/app.ts';

const folder = resolve(import.meta.dirname, '../../examples/consumers');

/** A consumer of `examples/consumers`, started as its reader would start it. */
export const startConsumer = (name: string, file: string, env: NodeJS.ProcessEnv) => {
  const child: ChildProcess = spawn(process.execPath, [join(folder, `${name}.ts`), file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const take = (line: string): void => {
    lines.push(line);
    for (const look of waiting) look();
  };
  createInterface({ input: child.stdout! }).on('line', take);
  createInterface({ input: child.stderr! }).on('line', take);
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  onTestFinished(async ({ task }) => {
    await stop();
    if (task.result?.state === 'fail') console.error(`${name} said:\n${lines.join('\n')}`);
  });
  return {
    lines,
    /** The first line that has this in it; waits for it. */
    said: (text: string | RegExp): Promise<string> =>
      new Promise((done, failed) => {
        const look = (): void => {
          const found = lines.find((line) => (typeof text === 'string' ? line.includes(text) : text.test(line)));
          if (found === undefined) return;
          waiting.delete(look);
          done(found);
        };
        waiting.add(look);
        child.once('exit', () => failed(new Error(`${name} ended:\n${lines.join('\n')}`)));
        look();
      }),
    stop,
  };
};

export const totalsFile = (): string => join(tempFolder(), 'totals.db');
