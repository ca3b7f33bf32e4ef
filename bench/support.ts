import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import type { ContextDefinition } from '../src/core/context.ts';

export type Row = { readonly work: string; readonly figure: string; readonly reach: string; readonly met: boolean; readonly check: string };

export const number = (value: number): string => Math.round(value).toLocaleString('en-US');

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

/** Fails the benchmark: a figure whose check does not hold is none. */
export const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(`check failed: ${what}`);
};

/** An app in a folder of its own, everything durable as in production. */
export const withApp = async <T>(contexts: readonly ContextDefinition[], work: (app: App) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
  const config = await loadConfig({ folder, port: 0, env: {} });
  const app = await createApp({ ...config, contexts, settings: {}, jobs: {} }, { listen: false });
  try {
    return await work(app);
  } finally {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
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
