import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/telemetry/settings.ts';

const read = (env: Record<string, string>, role = 'all') => readSettings(env, '1.2.3', role);
const base = 'http://collector:4318';

describe('where it goes', () => {
  it('nowhere without an address, or when switched off', () => {
    for (const env of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_SDK_DISABLED: 'True' }])
      expect(read(env)).toMatchObject({ traces: null, metrics: null, complaints: [] });
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_TRACES_EXPORTER: 'none' })).toMatchObject({
      traces: null,
      metrics: { url: `${base}/v1/metrics` },
    });
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_METRICS_EXPORTER: 'none' })).toMatchObject({
      traces: { url: `${base}/v1/traces` },
      metrics: null,
    });
  });

  it('a path is added to the common address, and an own address is taken as it is', () => {
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: `${base}/otlp/` }).traces?.url).toBe(`${base}/otlp/v1/traces`);
    expect(read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${base}/in` })).toMatchObject({ traces: { url: `${base}/in` }, metrics: null });
  });

  it('headers and timeouts: those of the signal come before the common ones', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: base,
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=3',
      OTEL_EXPORTER_OTLP_TIMEOUT: '700',
    };
    expect(read(env)).toMatchObject({
      traces: { headers: { a: '1', b: '3' }, timeoutMillis: 700 },
      metrics: { headers: { a: '1', b: '2' } },
    });
    expect(read({ ...env, OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '900' }).traces?.timeoutMillis).toBe(900);
  });
});

describe('who it is', () => {
  it('carillon, with its role when it is one of several; the variables come first', () => {
    expect(read({}).resource).toEqual({ 'service.name': 'carillon', 'service.version': '1.2.3', 'carillon.role': 'all' });
    expect(read({}, 'ticker').resource).toMatchObject({ 'service.name': 'carillon-ticker' });
    const env = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=a,deployment.environment.name=test%2C1' };
    expect(read(env).resource).toMatchObject({ 'service.name': 'a', 'deployment.environment.name': 'test,1' });
    expect(read({ ...env, OTEL_SERVICE_NAME: 'b' }).resource).toMatchObject({ 'service.name': 'b' });
  });
});

it.each([
  [{ OTEL_TRACES_SAMPLER: 'sometimes' }, 'OTEL_TRACES_SAMPLER'],
  [{ OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'a=1=2' }, 'OTEL_RESOURCE_ATTRIBUTES'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'a=%' }, 'OTEL_RESOURCE_ATTRIBUTES'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'endpoint'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL'],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: 'many' }, 'OTEL_BSP_MAX_QUEUE_SIZE'],
])('what is not understood is said, and stops nothing: %j', (env, word) => {
  expect(read(env).complaints.join()).toContain(word);
});
