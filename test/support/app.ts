import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type App, type AppOptions, createApp } from '../../src/app.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import type { ContextDefinition } from '../../src/core/context.ts';
import type { RecordedEvent } from '../../src/core/event.ts';
import { nextEventOf } from './events.ts';

/** A folder that is gone after the test. */
export const tempFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

export const testConfig = async (folder: string, contexts?: readonly ContextDefinition[]): Promise<Config> => {
  const config = await loadConfig({ folder, port: 0, env: {} });
  if (contexts === undefined) return config;
  return { ...config, contexts, settings: Object.fromEntries(contexts.map(({ name, defaults }) => [name, defaults])), jobs: {} };
};

/** An app in a folder of its own, closed after the test. */
export const testApp = async (
  contexts?: readonly ContextDefinition[],
  options: AppOptions & { folder?: string; config?: Partial<Config> } = {},
): Promise<App> => {
  const config = { ...(await testConfig(options.folder ?? tempFolder(), contexts)), ...options.config };
  const app = await createApp(config, { listen: false, ...options });
  onTestFinished(() => app.close());
  return app;
};

/** The first event in the log, from the beginning, that `wanted` takes; waits for it. */
export const nextEvent = (app: App, wanted: (event: RecordedEvent) => boolean): Promise<RecordedEvent> =>
  nextEventOf(app.service.store, wanted);
