import { type Context, type Link, ROOT_CONTEXT, type Span, type SpanContext, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { Resource } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

const shape = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The span that a W3C `traceparent` names; undefined for an unreadable one. */
export const spanContextOf = (traceparent: string | undefined): SpanContext | undefined => {
  const match = traceparent === undefined ? null : shape.exec(traceparent);
  return match === null ? undefined : { traceId: match[1]!, spanId: match[2]!, traceFlags: Number.parseInt(match[3]!, 16), isRemote: true };
};

/** The context to start a child in; the root without a readable `traceparent`. */
export const parentOf = (traceparent: string | undefined): Context => {
  const context = spanContextOf(traceparent);
  return context === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context);
};

export const linksOf = (traceparents: Iterable<string>, limit: number): Link[] =>
  [...new Set(traceparents)].slice(0, limit).flatMap((each) => {
    const context = spanContextOf(each);
    return context === undefined ? [] : [{ context }];
  });

/** A span as the W3C header that its children continue. */
export const traceparentOf = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
};

const samplerOf = (env: NodeJS.ProcessEnv): Sampler => {
  const ratio = Number(env.OTEL_TRACES_SAMPLER_ARG ?? 1);
  switch (env.OTEL_TRACES_SAMPLER) {
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
    case 'always_on':
      return new AlwaysOnSampler();
    default:
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
};

/** True when the standard variables name a collector for traces and do not switch telemetry off. */
export const tracesWanted = (env: NodeJS.ProcessEnv): boolean =>
  env.OTEL_SDK_DISABLED !== 'true' &&
  env.OTEL_TRACES_EXPORTER !== 'none' &&
  Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT);

/** Spans to the collector that the standard `OTEL_*` variables name; the exporter reads address, headers and timeout itself. */
export const createTraces = (
  env: NodeJS.ProcessEnv,
  resource: Resource,
  version: string,
): { tracer: Tracer; flush(): Promise<void>; shutdown(): Promise<void> } => {
  const processor = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter(),
    maxQueueSize: 16_384,
    maxExportBatchSize: 1_024,
    scheduledDelayMillis: Number(env.OTEL_BSP_SCHEDULE_DELAY ?? 1_000),
  });
  const provider = new TracerProvider({ resource, sampler: samplerOf(env), spanProcessors: [processor] });
  return { tracer: provider.getTracer('carillon', version), flush: () => provider.forceFlush(), shutdown: () => provider.shutdown() };
};
