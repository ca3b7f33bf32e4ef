import type { Attributes } from '@opentelemetry/api';
import { parseKeyPairsIntoRecord } from '@opentelemetry/core';

type Env = Readonly<Record<string, string | undefined>>;

/** Where one kind of telemetry goes, over OTLP/HTTP as JSON. */
export type Target = { readonly url: string; readonly headers: Record<string, string>; readonly timeoutMillis: number };

export const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof samplers)[number];

/** What the standard `OTEL_*` variables ask for; null where nothing is sent. */
export type Settings = {
  readonly traces: Target | null;
  readonly metrics: Target | null;
  readonly sampler: { readonly name: SamplerName; readonly ratio: number };
  readonly queue: { readonly size: number; readonly batch: number; readonly delayMs: number };
  readonly metricIntervalMs: number;
  readonly resource: Attributes;
  /** Variables that were not understood, in words; their defaults count. */
  readonly complaints: readonly string[];
};

/** An export that takes longer is given up. The standard says 10 s; a stopping process shall not wait for its last retry. */
const defaultTimeoutMs = 3_000;

/** `key=value` pairs, percent-encoded; null when one of them is not. */
const pairsOf = (text: string): Attributes | null => {
  try {
    const pairs = text
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair) => pair.split('='));
    if (pairs.some((pair) => pair.length !== 2 || pair[0]?.trim() === '')) return null;
    return Object.fromEntries(pairs.map(([key = '', value = '']) => [decodeURIComponent(key.trim()), decodeURIComponent(value.trim())]));
  } catch {
    return null;
  }
};

const resourceOf = (text: (name: string) => string | undefined, version: string, role: string, complaints: string[]): Attributes => {
  const more = pairsOf(text('OTEL_RESOURCE_ATTRIBUTES') ?? '');
  if (more === null) complaints.push('OTEL_RESOURCE_ATTRIBUTES is not key=value, percent-encoded, with commas between');
  const name = text('OTEL_SERVICE_NAME') ?? more?.['service.name'] ?? (role === 'all' ? 'carillon' : `carillon-${role}`);
  return { 'service.version': version, 'carillon.role': role, ...more, 'service.name': name };
};

/** Reads the standard variables. Nothing in them stops a start: what is not understood becomes a complaint. */
export const readSettings = (env: Env, version: string, role: string): Settings => {
  const complaints: string[] = [];
  const text = (name: string): string | undefined => env[name]?.trim() || undefined;
  const number = (name: string, fallback: number, most: number): number => {
    const value = Number(text(name) ?? fallback);
    if (value >= 0 && value <= most) return value;
    complaints.push(`${name} is not a number from 0 to ${most}`);
    return fallback;
  };
  const whole = (name: string, fallback: number): number => Math.max(1, Math.round(number(name, fallback, 2 ** 31 - 1)));

  const disabled = text('OTEL_SDK_DISABLED')?.toLowerCase() === 'true';
  const target = (signal: 'TRACES' | 'METRICS'): Target | null => {
    const base = text('OTEL_EXPORTER_OTLP_ENDPOINT')?.replace(/\/$/, '');
    const url = text(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ?? (base === undefined ? undefined : `${base}/v1/${signal.toLowerCase()}`);
    if (disabled || url === undefined || text(`OTEL_${signal}_EXPORTER`) === 'none') return null;
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      complaints.push(`the OTLP endpoint for ${signal.toLowerCase()} is not an http or https address`);
      return null;
    }
    const headers = {
      ...parseKeyPairsIntoRecord(text('OTEL_EXPORTER_OTLP_HEADERS')),
      ...parseKeyPairsIntoRecord(text(`OTEL_EXPORTER_OTLP_${signal}_HEADERS`)),
    };
    return {
      url,
      headers,
      timeoutMillis: whole(`OTEL_EXPORTER_OTLP_${signal}_TIMEOUT`, whole('OTEL_EXPORTER_OTLP_TIMEOUT', defaultTimeoutMs)),
    };
  };
  const sampler = (): SamplerName => {
    const name = text('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
    const known = samplers.find((each) => each === name);
    if (known === undefined) complaints.push(`OTEL_TRACES_SAMPLER is none of ${samplers.join(', ')}`);
    return known ?? 'parentbased_always_on';
  };
  const traces = target('TRACES');
  const metrics = target('METRICS');
  const protocol = text('OTEL_EXPORTER_OTLP_PROTOCOL');
  if ((traces ?? metrics) !== null && protocol !== undefined && protocol !== 'http/json')
    complaints.push(`OTEL_EXPORTER_OTLP_PROTOCOL=${protocol} is not spoken: http/json is sent, which collectors take on port 4318`);
  const size = whole('OTEL_BSP_MAX_QUEUE_SIZE', 16_384);
  return {
    traces,
    metrics,
    sampler: { name: sampler(), ratio: number('OTEL_TRACES_SAMPLER_ARG', 1, 1) },
    queue: {
      size,
      batch: Math.min(size, whole('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 1_024)),
      delayMs: whole('OTEL_BSP_SCHEDULE_DELAY', 1_000),
    },
    metricIntervalMs: whole('OTEL_METRIC_EXPORT_INTERVAL', 60_000),
    resource: resourceOf(text, version, role, complaints),
    complaints,
  };
};
