import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { createApp } from '../../src/app.ts';
import { nextEvent, tempFolder, testConfig } from '../support/app.ts';
import { lampContext, newBench } from '../support/lamp.ts';
import { type ReceivedSpan, startReceiver } from '../support/otlp-receiver.ts';

afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];
});

const light = { id: 'light-1', to: 'house.lamp-a', type: 'LightLamp', data: { seconds: 0.2 } };

it('one trace from the tick to the projection reaches a real collector', async () => {
  const receiver = await startReceiver();
  onTestFinished(receiver.close);
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = receiver.url;
  const app = await createApp(await testConfig(tempFolder(), [lampContext(newBench())]), { listen: false });
  const lit = await app.inject('POST', '/api/v1/commands', light);
  expect(lit.status).toBe(200);
  const out = await nextEvent(app, (event) => event.type === 'LampWentOut');
  const head = await app.service.store.head();
  await app.service.readModels.passed('runs', head!);
  await nextEvent(app, (event) => event.type === 'SlotClosed' && event.metadata.correlationId === out.metadata.correlationId);
  await app.close();

  const traceId = out.metadata.traceparent!.slice(3, 35);
  const trace = receiver.spans.filter((span) => span.traceId === traceId);
  const find = (name: RegExp): ReceivedSpan => {
    const span = trace.find((each) => name.test(each.name));
    if (span === undefined) throw new Error(`no span ${name} in ${trace.map((each) => each.name).join(', ')}`);
    return span;
  };
  const tick = find(/^send carillon\.ticks$/);
  expect(tick.parentSpanId ?? '').toBe('');
  expect(find(/^append engine\.schedule$/).traceId).toBe(traceId);
  expect(find(/^append house\.lamp$/).traceId).toBe(traceId);
  expect(find(/^project due-index$/).traceId).toBe(traceId);
  // Every span but the tick hangs on another span of the trace.
  const ids = new Set(trace.map((span) => span.spanId));
  expect(trace.filter((span) => span !== tick && !ids.has(span.parentSpanId)).map((span) => span.name)).toEqual([]);
});

it('a collector that never answers holds the shutdown up for one second at most', async () => {
  const sockets = createServer(() => undefined);
  await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void sockets.close());
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`;
  const app = await createApp(await testConfig(tempFolder(), [lampContext(newBench())]), { listen: false });
  await app.inject('POST', '/api/v1/commands', light);
  const started = performance.now();
  await app.close();
  expect(performance.now() - started).toBeLessThan(4_000);
});

it('metrics are Prometheus text with base units and no ids among the labels', async () => {
  const app = await createApp(await testConfig(tempFolder(), [lampContext(newBench())]), { listen: false });
  onTestFinished(() => app.close());
  await app.inject('POST', '/api/v1/commands', light);
  await nextEvent(app, (event) => event.type === 'LampWentOut');
  const out = await nextEvent(
    app,
    (event) => event.type === 'SlotClosed' && (event.data as { counts: { changed: number } }).counts.changed > 0,
  );
  await app.service.readModels.passed('runs', out.position);
  const { status, body } = await app.inject('GET', '/metrics');
  expect(status).toBe(200);
  expect(body).toMatch(/carillon_runs_total\{job="house\/put-out-lamps",trigger="schedule",outcome="completed"\} \d/);
  expect(body).toMatch(/carillon_run_duration_seconds_bucket/);
  expect(body).toMatch(/carillon_events_appended_total\{category="house.lamp"\} 2/);
  expect(body).not.toMatch(/lamp-a|light-1|@20/);
});
