import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const src = join(root, 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const text = (file: string): string => readFileSync(join(src, file), 'utf8');
const code = (file: string): string =>
  text(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');

const importsOf = (file: string): { what: string; typeOnly: boolean }[] =>
  [...text(file).matchAll(/^(import|export)\s+(type\s+)?[^;]*?from\s+'([^']+)'/gms)].map(([, , type, from]) => ({
    what: from!.startsWith('.') ? relative(src, resolve(src, dirname(file), from!)) : from!,
    typeOnly: type !== undefined,
  }));

const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : path);

/** Who may import what: folders of src, and packages. `engine` stands for the engine's own actors in contexts/engine. */
const allowed: Record<string, { folders: string[]; packages: RegExp }> = {
  core: { folders: ['core'], packages: /^(croner|node:crypto)$/ },
  ports: { folders: ['core', 'ports'], packages: /^$/ },
  contexts: { folders: ['core', 'contexts'], packages: /^typebox$/ },
  testing: { folders: ['core', 'testing'], packages: /^node:assert\/strict$/ },
  ticker: { folders: ['core', 'ports', 'contexts', 'projections', 'ticker'], packages: /^$/ },
  handlers: { folders: ['core', 'ports', 'contexts', 'projections', 'handlers'], packages: /^$/ },
  projections: { folders: ['core', 'ports', 'contexts', 'projections'], packages: /^$/ },
  simulation: { folders: ['core', 'ports', 'contexts', 'projections', 'simulation'], packages: /^$/ },
  migrate: { folders: ['core', 'ports', 'migrate'], packages: /^node:crypto$/ },
  publish: { folders: ['core', 'ports', 'contexts', 'publish'], packages: /^node:crypto$/ },
  adapters: { folders: ['core', 'ports', 'adapters'], packages: /^(node:.*|node-cron|pg|amqplib|@kurrent\/kurrentdb-client(\/.*)?)$/ },
  telemetry: { folders: ['core', 'ports', 'telemetry'], packages: /^(node:.*|pino|@opentelemetry\/.*)$/ },
  api: {
    folders: ['core', 'ports', 'contexts', 'projections', 'simulation', 'publish', 'api'],
    packages: /^(node:(crypto|events|stream.*)|fastify|@fastify\/.*|typebox.*|ajv.*)$/,
  },
};

describe('import rules of the design', () => {
  it.each(Object.keys(allowed))('%s imports only what it may', (folder) => {
    const rule = allowed[folder]!;
    const wrong = files
      .filter((file) => folderOf(file) === folder)
      .flatMap((file) => importsOf(file).map(({ what }) => ({ file, what })))
      .filter(({ what }) => (what.includes('.ts') ? !rule.folders.includes(folderOf(what)) : !rule.packages.test(what)));
    expect(wrong).toEqual([]);
  });

  it('only app.ts picks adapters', () => {
    const users = files.filter(
      (file) => folderOf(file) !== 'adapters' && importsOf(file).some(({ what }) => folderOf(what) === 'adapters'),
    );
    expect(users).toEqual(['app.ts']);
  });

  it('a context imports no other context', () => {
    const wrong = files
      .filter((file) => /^contexts\/\w+\//.test(file))
      .flatMap((file) => importsOf(file).map(({ what }) => ({ file, what })))
      .filter(({ file, what }) => what.startsWith('contexts/') && what.split('/')[1] !== file.split('/')[1]);
    expect(wrong).toEqual([]);
  });

  it('only handlers/actor.ts appends to the store, and the move to another one', () => {
    const callers = files.filter(
      (file) => folderOf(file) !== 'adapters' && folderOf(file) !== 'telemetry' && /store\.append(Many)?\(/.test(code(file)),
    );
    expect(callers.sort()).toEqual(['handlers/actor.ts', 'migrate/copy-log.ts']);
  });
});

describe('clocks, dice and the outside stay behind ports', () => {
  const free = (file: string): boolean =>
    ['adapters', 'cli'].includes(folderOf(file)) || ['main.ts', 'app.ts', 'config.ts', 'config-values.ts', 'demo.ts'].includes(file);
  const banned = [
    /\bDate\.now\b/,
    /new Date\(\)/,
    /\bset(Timeout|Interval|Immediate)\(/,
    /Math\.random/,
    /randomUUID/,
    /\bfetch\(/,
    /from 'node:(fs|net|http|https|child_process|timers)[/']/,
  ];
  it.each(banned.map((pattern) => [String(pattern), pattern] as const))('%s', (_name, pattern) => {
    expect(files.filter((file) => !free(file) && pattern.test(code(file)))).toEqual([]);
  });
});

describe('size', () => {
  const sizes = files.map((file) => ({ file, lines: text(file).split('\n').length })).sort((a, b) => a.lines - b.lines);
  it('no source file is over 250 lines', () => expect(sizes.filter(({ lines }) => lines > 250)).toEqual([]));
  it('the median is at most 80 lines', () => expect(sizes[Math.floor(sizes.length / 2)]!.lines).toBeLessThanOrEqual(80));
});
