import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type Child = {
  /** Resolves with the next line that it prints. */
  line(): Promise<string>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
};

const adapters = fileURLToPath(new URL('../../../src/adapters/', import.meta.url));

/** Runs a module text in another Node; `adapters` in it stands for the folder of the adapters. */
export const startChild = (code: string): Child => {
  const text = `const adapters = ${JSON.stringify(adapters)};\n${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', text], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const next = waiting.shift();
      if (next) next(part);
      else lines.push(part);
    }
  });
  return {
    line: () => {
      const ready = lines.shift();
      return ready === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(ready);
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
};
