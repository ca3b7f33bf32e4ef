import { describe, expect, it } from 'vitest';
import type { Note } from '../../src/ports/observers.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createNoteLog } from '../../src/telemetry/note-log.ts';
import { createSlotTraces } from '../../src/telemetry/slot-traces.ts';
import { clock, traceparent } from './world.ts';

const bench = (level: string | undefined = 'trace') => {
  const lines: string[] = [];
  const slots = createSlotTraces();
  const log = createLog({ level, clock, role: 'all', destination: { write: (line) => void lines.push(line) } });
  const note = createNoteLog(log, clock, slots);
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1)!) as Record<string, unknown>;
  return { lines, slots, note, last };
};

const said = (message: string, facts?: Record<string, unknown>): Note => ({
  kind: 'log',
  level: 'warn',
  scope: 'test',
  message,
  ...(facts === undefined ? {} : { facts }),
});

describe('text from outside', () => {
  const evil = 'a\r\n{"level":"error"}\u001b[2J\u009b31m\u202egnp.exe\u2066\u2028\u0000\u007f\ud800b';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are looked for
  const harmful = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ud800]/;

  it.each<[string, Note]>([
    ['a message', said(evil)],
    ['a fact', said('m', { note: evil, deep: [{ note: evil }] })],
    ["a fact's name", said('m', { [evil]: 1 })],
    ['an error', said('m', { error: new Error(evil) })],
    ['a parked item', { kind: 'item-parked', job: evil, about: evil, attempt: 1, message: evil }],
    ['an alert', { kind: 'alert', alert: evil, job: evil, message: evil, open: true }],
    ['a slot', { kind: 'slot-opened', job: evil, slot: evil, cause: evil, delayMs: 1 }],
  ])('in %s stays one line of valid JSON, safe to print', (_name, note) => {
    const { lines, note: tell } = bench();
    tell(note);
    expect(lines).toHaveLength(1);
    expect(lines[0]!.slice(0, -1)).not.toMatch(/\n/);
    expect(lines[0]).not.toMatch(harmful);
    // Also what a reader prints after parsing it.
    expect(JSON.stringify(JSON.parse(lines[0]!))).toContain('\\\\u001b');
    expect(JSON.stringify(JSON.parse(lines[0]!))).not.toMatch(harmful);
  });

  it('cannot put on the fields of the line itself', () => {
    const { note, last } = bench();
    note(said('true', { level: 'debug', time: 'never', scope: 'other', msg: 'false', service: 'evil', role: 'none' }));
    expect(last()).toMatchObject({ level: 'warn', scope: 'test', msg: 'true', service: 'carillon', role: 'all', fact_msg: 'false' });
  });

  it('of any size makes a line of at most 8 KiB', () => {
    const { lines, note, last } = bench();
    for (const piece of ['x', '"', '\\', '漢', '😀', '\u0001']) {
      const long = piece.repeat(20_000);
      note(said(long, { slot: long, job: long, a: long, b: Array.from({ length: 500 }, () => long), [long]: long }));
      expect(Buffer.byteLength(lines.at(-1)!)).toBeLessThanOrEqual(8_192);
      expect(last().msg).toMatch(/…$/);
    }
  });

  it('takes whatever a task hands over', () => {
    const { note, last } = bench();
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    note(said('m', { big: 12n, none: undefined, call: () => 1, loop, wrong: Number.NaN }));
    expect(last()).toMatchObject({ big: '12', wrong: null });
  });
});

it('secrets are left out, by name and by shape', () => {
  const { lines, note } = bench();
  const token = `crl_0123456789abcdef_${'s'.repeat(43)}`;
  note(
    said(`got Bearer ${token} and ${token}`, {
      token,
      headers: { Authorization: 'hunter2hunter2', cookie: 'hunter2' },
      apiKey: 'hunter2',
      DB_PASSWORD: 'hunter2',
      kept: 'yes',
    }),
  );
  expect(lines[0]).not.toMatch(/hunter2|ssss/);
  expect(lines[0]).toContain('"kept":"yes"');
});

describe('a run', () => {
  const slot = 'giving/release-escrows@2026-11-23T14:00Z';
  const closed = {
    kind: 'slot-closed',
    job: 'giving/release-escrows',
    slot,
    verdict: 'completed',
    cause: 'schedule',
    durationMs: 1_500,
    counts: { due: 3, changed: 2, parked: 1 },
  } as const;

  it('has a line with its start, end, duration, result, slot and trace', () => {
    const { slots, note, last } = bench('info');
    slots.learn(slot, traceparent(5));
    note(closed);
    const line = last();
    expect(line).toMatchObject({
      level: 'info',
      scope: 'run',
      job: 'giving/release-escrows',
      jobName: 'giving/release-escrows',
      slot,
      duration: 1_500,
      result: 'completed',
      due: 3,
      changed: 2,
      parked: 1,
      trace_id: traceparent(5).slice(3, 35),
    });
    expect(Date.parse(line.end as string) - Date.parse(line.start as string)).toBe(1_500);
    expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('that failed is an error that alerting finds', () => {
    const { note, last } = bench('warn');
    note({ ...closed, verdict: 'failed' });
    expect(last()).toMatchObject({ level: 'error', type: 'job_failure', result: 'failed' });
  });

  it('says nothing below the level, and an unknown level is said', () => {
    const { lines, note } = bench('warn');
    note(closed);
    expect(lines).toEqual([]);
    const odd = bench('loud');
    odd.note(closed);
    expect(odd.lines).toHaveLength(1);
    expect(odd.last()).toMatchObject({ level: 'warn', scope: 'telemetry' });
  });
});
