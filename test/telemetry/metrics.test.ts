import { expect, it } from 'vitest';
import type { Note } from '../../src/ports/observers.ts';
import { attributes, metrics, spans } from '../../src/telemetry/names.ts';
import { event, tracedWorld } from './world.ts';

const slot = 'house/lamps@2026-11-23T14:00Z';
const notes: readonly Note[] = [
  { kind: 'slot-opened', job: 'house/lamps', slot, cause: 'schedule', delayMs: 250 },
  { kind: 'slice-done', job: 'house/lamps', slot, partition: 3, actors: 12, durationMs: 40 },
  {
    kind: 'slot-closed',
    job: 'house/lamps',
    slot,
    verdict: 'completed',
    cause: 'schedule',
    durationMs: 2_000,
    counts: { due: 3, changed: 2, parked: 0 },
  },
  { kind: 'item-failed', job: 'house/lamps', about: 'house.lamp-7f3a', attempt: 1, message: 'm' },
  { kind: 'item-parked', job: 'house/lamps', about: 'house.lamp-7f3a', attempt: 3, message: 'm' },
  { kind: 'effect', effect: 'house/ring', outcome: 'confirmed' },
  { kind: 'projected', projection: 'runs', events: 4, durationMs: 3, lag: 0 },
  { kind: 'alert', alert: 'late', job: 'house/lamps', message: 'm', open: true },
  { kind: 'alert', alert: 'late', job: 'house/lamps', message: 'm', open: false },
  { kind: 'decided', category: 'house.lamp', outcome: 'accepted', count: 1 },
];

const filled = async () => {
  const world = await tracedWorld({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
  for (const note of notes) world.telemetry.observers.note(note);
  world.telemetry.watch({ projections: async () => [{ name: 'runs', lag: 7 }], parked: async () => [{ job: 'house/lamps', items: 2 }] });
  await world.broker.consume('carillon.house.00', { prefetch: 1 }, async () => 'ack');
  await world.broker.consume('carillon.replies.one', { prefetch: 1 }, async () => 'ack');
  await world.store.append({ stream: 'house.lamp-7f3a', events: [event('e1'), event('e2')], expected: 'no-stream' });
  await world.store.append({ stream: 'house.lamp-7f3a', events: [event('e3')], expected: 'no-stream' });
  return world;
};

it('every metric shows up as Prometheus text with base units', async () => {
  const text = (await (await filled()).telemetry.metrics()) ?? '';
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
  const expected = Object.entries(metrics).filter(([key]) => key !== 'spansDropped');
  expect([...types.keys()].sort()).toEqual(expected.map(([, { name }]) => name).sort());
  for (const [, { name, kind }] of expected) expect(types.get(name)).toBe(kind === 'observed' ? 'gauge' : kind);
  expect(text).not.toMatch(/^# UNIT/m);
  for (const line of [
    'carillon_runs_total{job="house/lamps",trigger="schedule",outcome="completed"} 1',
    'carillon_run_duration_seconds_sum{job="house/lamps"} 2',
    'carillon_run_duration_seconds_bucket{job="house/lamps",le="1"} 0',
    'carillon_run_duration_seconds_bucket{job="house/lamps",le="5"} 1',
    'carillon_schedule_delay_seconds_sum{job="house/lamps"} 0.25',
    'carillon_events_appended_total{category="house.lamp"} 2',
    'carillon_projection_lag_events{projection="runs"} 7',
    'carillon_parked_items{job="house/lamps"} 2',
    'carillon_queue_messages{context="house"} 0',
    'carillon_alerts_open{job="house/lamps"} 0',
    'carillon_build_info{version="1.2.3",role="all"} 1',
  ])
    expect(text).toContain(`${line}\n`);
});

it('no label is outside the table, and none holds an id', async () => {
  const text = (await (await filled()).telemetry.metrics()) ?? '';
  const labels = new Map(Object.values(metrics).map(({ name, labels }) => [name as string, [...labels] as string[]]));
  for (const [, full, list] of text.matchAll(/^(\w+)\{([^}]*)\}/gm)) {
    const name = labels.has(full!) ? full! : full!.replace(/_(bucket|sum|count)$/, '');
    const used = [...list!.matchAll(/(\w+)="/g)].map((match) => match[1]!).filter((label) => label !== 'le');
    expect(labels.get(name), full).toEqual(used);
  }
  expect(text).not.toMatch(/7f3a|@2026|carillon\.replies/);
});

it('counters end in _total, times in _seconds, and nothing else does', () => {
  for (const { name, kind } of Object.values(metrics)) {
    expect(name).toMatch(/^carillon_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    if (kind === 'histogram') expect(name).toMatch(/_seconds$/);
  }
  const all = [...Object.values(metrics).map(({ name }) => name as string), ...Object.values(attributes), ...Object.values(spans)];
  expect(new Set(all).size).toBe(all.length);
});

it('a source that fails does not spoil the reading, and a note that cannot be told disturbs nobody', async () => {
  const { telemetry, lines } = await filled();
  telemetry.watch({ projections: async () => Promise.reject(new Error('closed')) });
  expect(await telemetry.metrics()).toContain('carillon_runs_total');
  const broken = Object.defineProperty({ kind: 'log', level: 'warn', scope: 's', message: 'm' }, 'facts', { get: () => JSON.parse('{') });
  telemetry.observers.note(broken as unknown as Note);
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ level: 'error', scope: 'telemetry' });
});

it('goes to a collector too, when one is named', async () => {
  const { telemetry, receiver } = await tracedWorld({ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b' });
  for (const note of notes) telemetry.observers.note(note);
  await telemetry.shutdown();
  const sent = receiver.requests.filter(({ path }) => path === '/v1/metrics');
  expect(sent[0]?.headers['x-key']).toBe('a b');
  expect(sent[0]?.body).toContain('carillon_runs_total');
  expect(receiver.spans).toEqual([]);
});
