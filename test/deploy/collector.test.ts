import { expect, it } from 'vitest';
import { readYaml } from './support.ts';

type Collector = {
  readonly extensions: Readonly<Record<string, { readonly endpoint?: string }>>;
  readonly receivers: Readonly<Record<string, { readonly protocols: Readonly<Record<string, { readonly endpoint: string }>> }>>;
  readonly processors: Readonly<Record<string, unknown>>;
  readonly exporters: Readonly<Record<string, { readonly endpoint?: string }>>;
  readonly service: {
    readonly extensions: readonly string[];
    readonly pipelines: Readonly<Record<string, Readonly<Record<'receivers' | 'processors' | 'exporters', readonly string[]>>>>;
  };
};

/** Of what the contrib distribution 0.162.0 holds, that which we use: an exporter has been called otlp_grpc since 0.144, logging has gone. */
const contrib = {
  extensions: ['health_check'],
  receivers: ['otlp'],
  processors: ['memory_limiter', 'batch'],
  exporters: ['otlp_grpc', 'prometheus', 'debug'],
} as const;

const collector = readYaml<Collector>('otel-config.yaml');
const compose = readYaml<{
  services: Record<string, { image: string; environment?: Record<string, string>; volumes?: string[]; command?: string[] }>;
}>('docker-compose.yml');
const kinds = Object.keys(contrib) as (keyof typeof contrib)[];

it.each(kinds)('%s are components of the contrib distribution', (kind) => {
  for (const name of Object.keys(collector[kind])) expect(contrib[kind]).toContain(name.split('/')[0]);
  expect(compose.services['otel-collector']!.image).toBe('otel/opentelemetry-collector-contrib:0.162.0');
});

it('every pipeline names what is configured, limits memory first and batches last', () => {
  for (const name of collector.service.extensions) expect(collector.extensions[name]).toBeDefined();
  for (const pipeline of Object.values(collector.service.pipelines)) {
    for (const kind of ['receivers', 'processors', 'exporters'] as const)
      for (const name of pipeline[kind]) expect(Object.keys(collector[kind]), `${kind} ${name}`).toContain(name);
    expect([pipeline.processors[0], pipeline.processors.at(-1)]).toEqual(['memory_limiter', 'batch']);
  }
  expect(Object.keys(collector.service.pipelines).sort()).toEqual(['metrics', 'traces']);
});

it('Carillon sends to the port that it listens on, and traces go to Jaeger', () => {
  const sent = new URL(compose.services.ticker!.environment!.OTEL_EXPORTER_OTLP_ENDPOINT!);
  expect(collector.receivers.otlp!.protocols.http!.endpoint).toBe(`0.0.0.0:${sent.port}`);
  expect(sent.hostname).toBe('otel-collector');
  expect(collector.service.pipelines.traces!.exporters).toEqual(['otlp_grpc/jaeger']);
  expect(collector.exporters['otlp_grpc/jaeger']!.endpoint).toBe('jaeger:4317');
  expect(compose.services.jaeger).toBeDefined();
});

it('the configuration is where the collector looks for it', () => {
  const { volumes, command } = compose.services['otel-collector']!;
  expect(volumes).toEqual(['./otel-config.yaml:/etc/otel-config.yaml:ro']);
  expect(command).toEqual(['--config=/etc/otel-config.yaml']);
});
