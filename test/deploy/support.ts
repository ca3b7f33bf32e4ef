import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { onTestFinished } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { addressOf as kurrentAddressOf } from '../../src/adapters/kurrent/address.ts';
import { addressOf as rabbitAddressOf } from '../../src/adapters/rabbitmq/address.ts';
import { buildCli } from '../../src/cli/program.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { envName } from '../../src/config-values.ts';
import { type Deployment, deploymentOf } from '../../src/deployment.ts';

export const root = resolve(import.meta.dirname, '../..');
export const read = (file: string): string => readFileSync(join(root, file), 'utf8');
export const readYaml = <T>(file: string): T => parse(read(file), { merge: true }) as T;
export const readAllYaml = <T>(file: string): T[] => parseAllDocuments(read(file)).map((document) => document.toJS() as T);

export type Env = Readonly<Record<string, string>>;

/** A folder with the secrets that deploy/make-secrets.js makes. */
export const madeSecrets = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync(process.execPath, [join(root, 'deploy/make-secrets.js'), folder]);
  return folder;
};

/** The configuration and the role that a container ends up with: what its process reads, from the same command and environment. */
export const startedWith = async (
  command: readonly string[],
  env: Env,
  secrets: string,
): Promise<{ config: Config; roles: Deployment }> => {
  const [start, ...rest] = command;
  if (start !== 'start') throw new Error(`${command.join(' ')} is not a start`);
  const at = rest.indexOf('--context');
  const context = at < 0 ? undefined : rest[at + 1];
  const role = (at < 0 ? rest : rest.toSpliced(at, 2)).join(',');
  const local = Object.entries(env).map(([name, value]) => [name, value.replace(/^\/run\/secrets\/(carillon\/)?/, `${secrets}/`)]);
  const config = await loadConfig({ env: Object.fromEntries(local), role, ...(context === undefined ? {} : { context }) });
  // The adapters' own look at the addresses: default credentials are refused there.
  rabbitAddressOf(config.rabbitmqUrl);
  kurrentAddressOf(config.kurrentdbUrl);
  return { config, roles: deploymentOf(config) };
};

const flagsOf = (command: Command): string[] => [
  ...command.options.flatMap((option) => option.envVar ?? []),
  ...command.commands.flatMap((each) => flagsOf(each as Command)),
];

/** Every variable that Carillon reads by itself: settings, their files, flags, and what telemetry names. */
export const knownVariables = async (): Promise<ReadonlySet<string>> => {
  const { sources, values } = await loadConfig({ env: {} });
  const settings = Object.keys(sources);
  const texts = settings.filter((path) => typeof (values as Record<string, unknown>)[path] === 'string');
  const telemetry = [read('src/telemetry/settings.ts'), read('src/telemetry/telemetry.ts'), read('src/telemetry/log.ts')].join('\n');
  return new Set([
    ...settings.map(envName),
    ...texts.map((path) => `${envName(path)}_FILE`),
    ...flagsOf(buildCli().program),
    ...[...telemetry.matchAll(/\b(OTEL_[A-Z_]+[A-Z]|LOG_LEVEL)\b/g)].map(([name]) => name),
  ]);
};

/** The checks that deploy/health.js knows. */
export const healthChecks = (): readonly string[] => {
  try {
    execFileSync(process.execPath, [join(root, 'deploy/health.js')], { stdio: 'pipe' });
  } catch (error) {
    return /health\.js (\S+) /.exec(String((error as { stderr: Buffer }).stderr))![1]!.split('|');
  }
  throw new Error('deploy/health.js without a check must be an error');
};

/** A check of ours, as a command of a container. */
export const isHealthCommand = (command: readonly string[]): boolean => {
  const [node, file, check, ...rest] = command;
  return node === 'node' && file === 'deploy/health.js' && rest.length === 0 && healthChecks().includes(check ?? '');
};
