import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { allEvents, brokenLedgers, brokenProjections, brokenStreams, countByStream } from '../support/audit.ts';

const escrows = 2_000;
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Runs the child until it has done `until` lines, then kills it with SIGKILL; without `until`, to its end. */
const run = (folder: string, now: number, until?: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../support/escrow-child.ts'), folder, String(escrows), String(now)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      const done = Number(output.trimEnd().split('\n').at(-1));
      if (until !== undefined && done >= until) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      signal === 'SIGKILL' || code === 0 ? resolve(output) : reject(new Error(`the child ended with ${code}`)),
    );
  });

it('kill -9 at five moments of a 2,000-escrow run loses nothing and doubles nothing', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-kill-'));
  folders.push(folder);
  const now = Date.now();
  const moments = Array.from({ length: 5 }, (_, index) => Math.floor((index + Math.random()) * ((escrows * 2) / 5.2)) + 1);
  console.log(`killed after ${moments.join(', ')} of ${escrows * 2} lines`);
  for (const moment of moments) await run(folder, now, moment);
  expect(await run(folder, now)).toContain('finished');

  const app = await createApp(await loadConfig({ folder, port: 0, env: {} }), { listen: false });
  try {
    const events = await allEvents(app);
    expect(brokenStreams(events)).toEqual([]);
    const released = countByStream(events, 'EscrowReleased');
    expect(released.size).toBe(escrows);
    expect([...released.values()].every((count) => count === 1)).toBe(true);
    for (const type of ['FundsReceivable', 'FundsPosted', 'CoinsAwarded'])
      expect(events.filter((event) => event.type === type)).toHaveLength(escrows);
    const obligated = countByStream(events, 'CycleObligated');
    expect(obligated.size).toBe(escrows);
    expect([...obligated.values()].every((count) => count === 1)).toBe(true);
    const requested = countByStream(events, 'EffectRequested');
    expect([...requested.values()].every((count) => count === 1)).toBe(true);
    expect(await brokenLedgers(app, events)).toEqual([]);
    expect(await brokenProjections(app)).toEqual([]);
  } finally {
    await app.close();
  }
});
