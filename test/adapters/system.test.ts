import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createSystemIds } from '../../src/adapters/system/ids.ts';
import { fromMs, plus, toMs } from '../../src/core/instant.ts';

describe('the system clock', () => {
  const clock = createSystemClock();

  it('tells the time of the machine', () => {
    const before = Date.now();
    expect(toMs(clock.now())).toBeGreaterThanOrEqual(before);
    expect(clock.monotonic()).toBeLessThanOrEqual(clock.monotonic());
  });

  it('resolves at or after the instant, and at once for one that is past', async () => {
    const at = plus(clock.now(), 30);
    await clock.sleepUntil(at);
    expect(clock.now() >= at).toBe(true);
    await clock.sleepUntil(plus(at, -3_600_000));
  });

  it('resolves after the time that was asked for', async () => {
    const begun = clock.monotonic();
    await clock.sleep(20);
    expect(clock.monotonic() - begun).toBeGreaterThanOrEqual(20);
    await clock.sleep(0);
    await clock.sleep(-5);
  });

  it('resolves when it is aborted, before and while it sleeps', async () => {
    const far = plus(clock.now(), 3_600_000);
    await Promise.all([clock.sleepUntil(far, AbortSignal.abort()), clock.sleep(3_600_000, AbortSignal.abort())]);
    const stop = new AbortController();
    const sleeping = Promise.all([
      clock.sleepUntil(far, stop.signal),
      clock.sleepUntil(plus(clock.now(), 1000), stop.signal),
      clock.sleep(3_600_000, stop.signal),
    ]);
    stop.abort();
    await sleeping;
  });

  it('keeps no process alive', async () => {
    const file = fileURLToPath(new URL('../../src/adapters/system/clock.ts', import.meta.url));
    const code = `
      const { createSystemClock } = await import(${JSON.stringify(file)});
      const clock = createSystemClock();
      void clock.sleepUntil(new Date(Date.now() + 3600000).toISOString());
      void clock.sleep(3600000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: 'inherit' });
    expect((await once(child, 'exit'))[0]).toBe(0);
  });
});

describe('a far instant', () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const sleeping = (ms: number) => {
    vi.useFakeTimers({ now: Date.parse('2026-03-01T00:00:00.400Z') });
    const clock = createSystemClock();
    const state = { awake: false, clock };
    void clock.sleepUntil(plus(clock.now(), ms)).then(() => {
      state.awake = true;
    });
    return state;
  };

  it('is met to the millisecond', async () => {
    const state = sleeping(90_250);
    await vi.advanceTimersByTimeAsync(90_249);
    expect(state.awake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(state.awake).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is noticed within two seconds when the clock jumps forward', async () => {
    const state = sleeping(3_600_000);
    await vi.advanceTimersByTimeAsync(5000);
    vi.setSystemTime(Date.now() + 30 * 86_400_000);
    await vi.advanceTimersByTimeAsync(2000);
    expect(state.awake).toBe(true);
  });

  it('waits on when the clock is set back, and is met when the clock comes there', async () => {
    const state = sleeping(10_000);
    await vi.advanceTimersByTimeAsync(5000);
    vi.setSystemTime(Date.now() - 3_600_000);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(state.awake).toBe(false);
    await vi.advanceTimersByTimeAsync(5000);
    expect(state.awake).toBe(true);
  });
});

describe('ids', () => {
  it('are UUID v7, unique and in order, also within a millisecond and when the clock is set back', () => {
    let now = Date.parse('2026-03-01T00:00:00Z');
    const ids = createSystemIds(() => now);
    const made: string[] = [];
    for (let n = 0; n < 20_000; n++) {
      if (n === 10_000) now -= 60_000;
      made.push(ids.next());
    }
    expect(made.filter((id) => !/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toEqual([]);
    expect(new Set(made).size).toBe(20_000);
    expect([...made].sort()).toEqual(made);
  });

  it('begin with the time', () => {
    const now = Date.now();
    const id = createSystemIds(() => now).next();
    expect(fromMs(Number.parseInt(id.replace('-', '').slice(0, 12), 16))).toBe(fromMs(now));
  });
});
