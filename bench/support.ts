import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import type { Command } from '../src/core/command.ts';
import type { ContextDefinition } from '../src/core/context.ts';

/** One figure: what was wanted, what a user would pick instead on such a machine, and what was checked. */
export type Row = {
  readonly work: string;
  readonly figure: string;
  readonly reach: string;
  readonly met: boolean;
  readonly beside: string;
  readonly check: string;
};

/** `broken` plants a defect: then the check has to fail, or it is none. */
export type Work = (scale: number, broken: boolean) => Promise<readonly Row[]>;

export const number = (value: number): string => Math.round(value).toLocaleString('en-US');

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

export class CheckFailed extends Error {}

/** Fails the benchmark: a figure whose check does not hold is none. */
export const must = (holds: boolean, what: string): void => {
  if (!holds) throw new CheckFailed(what);
};

export const temporary = (): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

/** An app on a folder, everything durable as in production. */
export const openApp = async (folder: string, contexts: readonly ContextDefinition[]): Promise<App> => {
  const config = await loadConfig({ folder, port: 0, env: {} });
  return createApp({ ...config, contexts, settings: {}, jobs: {} }, { listen: false });
};

/** An app in a folder of its own. */
export const withApp = async <T>(contexts: readonly ContextDefinition[], work: (app: App) => Promise<T>): Promise<T> => {
  const folder = temporary();
  const app = await openApp(folder.path, contexts);
  try {
    return await work(app);
  } finally {
    await app.close();
    folder.remove();
  }
};

/** Does `count` things with at most `inFlight` under way. */
export const inFlight = async (count: number, limit: number, one: (index: number) => Promise<unknown>): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await one(index);
  };
  await Promise.all(Array.from({ length: limit }, worker));
};

const batch = 2_000;

/** Sends many commands in batches; each must be accepted. */
export const sendAll = async ({ service }: App, count: number, make: (index: number) => Omit<Command, 'asOf'>): Promise<void> => {
  for (let from = 0; from < count; from += batch) {
    const asOf = service.clock.now();
    const commands = Array.from({ length: Math.min(batch, count - from) }, (_, index) => ({ ...make(from + index), asOf }));
    const answers = await service.commands.sendMany(commands);
    must(
      answers.every((answer) => answer.kind === 'accepted'),
      'every command accepted',
    );
  }
};

/** Waits until the named projections have everything that is in the log. */
export const caughtUp = async ({ service }: App, ...names: readonly string[]): Promise<void> => {
  const head = await service.store.head();
  if (head !== null) await Promise.all(names.map((name) => service.readModels.passed(name, head)));
};
