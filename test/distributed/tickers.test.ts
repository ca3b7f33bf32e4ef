import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../src/core/event.ts';
import { scheduleStream } from '../../src/core/ids.ts';
import type { Json } from '../../src/core/json.ts';
import { registryOf } from '../support/virtual.ts';
import { usualPartitions } from './audit.ts';
import beatConfig, { beat, eachSecond } from './beat.config.ts';
import { follow } from './follow.ts';
import { startSkewedTicker } from './skewed-ticker.ts';
import { installed, startWorld, type World } from './world.ts';

const tickers = 5;
const slots = 60;
const slotsWithWrongClocks = 8;
const hourMs = 3_600_000;
/** An owner opens a slot at most this early by its own clock. */
const aheadMs = 5_000;
const stream = scheduleStream(eachSecond.name);

const atOf = (data: Json): string => (data as { at: string }).at;
const isOpening = (event: RecordedEvent): boolean => event.stream === stream && event.type === 'SlotOpened';

describe.skipIf(!installed)('five tickers', () => {
  let world: World;
  beforeAll(async () => {
    expect(beatConfig.contexts).toEqual([beat]);
    world = await startWorld({ config: join(import.meta.dirname, 'beat.config.ts'), contexts: [beat] });
    await Promise.all([world.up('projections'), world.up('handlers'), ...Array.from({ length: tickers }, () => world.up('ticker'))]);
  }, 120_000);
  afterAll(() => world?.close(), 60_000);

  it('60 slots, one a second: one run each', { timeout: 180_000 }, async () => {
    const events = await follow(
      world.store,
      150_000,
      (seen) => seen.filter((event) => event.stream === stream && event.type === 'SlotClosed').length >= slots,
    );
    const ledger = events.filter((event) => event.stream === stream);
    const of = (type: string): string[] => ledger.filter((event) => event.type === type).map(({ data }) => atOf(data));
    const opened = of('SlotOpened').slice(0, slots);
    expect(new Set(opened).size).toBe(slots);
    expect(Date.parse(opened.at(-1) ?? '') - Date.parse(opened[0] ?? '')).toBe((slots - 1) * 1_000);
    expect(of('SlotClosed').slice(0, slots)).toEqual(opened);
    const runs = events.filter(({ type, data }) => type === 'RunOpened' && opened.includes(atOf(data)));
    expect(new Set(runs.map((event) => event.stream)).size).toBe(runs.length);
    expect(runs).toHaveLength(slots);
  });

  it('two tickers whose clocks are an hour off open no slot too early or again, and the others go on', { timeout: 90_000 }, async () => {
    const off = await Promise.all([hourMs, -hourMs].map((ms) => startSkewedTicker(world.cluster, registryOf([beat]), usualPartitions, ms)));
    const before = (await world.read()).filter(isOpening).length;
    const events = await follow(world.store, 60_000, (seen) => seen.filter(isOpening).length >= before + slotsWithWrongClocks);
    await Promise.all(off.map((each) => each.stop()));
    const openings = events.filter(isOpening);
    const early = openings.filter(({ data, recordedAt }) => Date.parse(atOf(data)) > Date.parse(recordedAt) + aheadMs);
    expect(early).toEqual([]);
    const instants = openings.map(({ data }) => Date.parse(atOf(data)));
    expect(instants).toEqual(instants.map((_, nth) => instants[0]! + nth * 1_000));
  });

  it('and the log and the read models agree', { timeout: 60_000 }, async () => {
    const { codes, findings } = await world.audit();
    expect(findings).toEqual([]);
    expect(codes).toEqual(Array.from({ length: tickers + 2 }, () => 0));
  });
});
