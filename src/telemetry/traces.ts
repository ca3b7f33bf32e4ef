import { TraceFlags, type Tracer } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { messageOf } from '../core/errors.ts';
import { exporterOptions } from './exporter.ts';
import type { Settings, Target } from './settings.ts';

/** Told of spans that no collector will get, and when the collector takes spans again. */
export type Losses = { dropped(reason: 'queue-full' | 'export-failed', spans: number, message: string): void; delivered(): void };

export type Traces = { readonly tracer: Tracer; shutdown(): Promise<void> };

const samplerOf = ({ name, ratio }: Settings['sampler']): Sampler => {
  const root = name.endsWith('always_off')
    ? new AlwaysOffSampler()
    : name.endsWith('traceidratio')
      ? new TraceIdRatioBasedSampler(ratio)
      : new AlwaysOnSampler();
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
};

/** Counts what waits and what is lost: the SDK drops spans of a full queue without a word. */
const counting = (exporter: SpanExporter, queue: Settings['queue'], losses: Losses): SpanProcessor => {
  let waiting = 0;
  const counted: SpanExporter = {
    export: (batch, done) => {
      waiting -= batch.length;
      exporter.export(batch, (result: ExportResult) => {
        if (result.code === ExportResultCode.SUCCESS) losses.delivered();
        else losses.dropped('export-failed', batch.length, messageOf(result.error ?? 'the collector refused'));
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
  const processor = new BatchSpanProcessor({
    exporter: counted,
    maxQueueSize: queue.size,
    maxExportBatchSize: queue.batch,
    scheduledDelayMillis: queue.delayMs,
  });
  return {
    onStart: (span, context) => processor.onStart(span, context),
    onEnd: (span) => {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
      if (waiting >= queue.size) return losses.dropped('queue-full', 1, `more than ${queue.size} spans wait`);
      waiting += 1;
      processor.onEnd(span);
    },
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
};

/** Spans to a collector. Aborting `cut` ends every connection to it, so that nothing of it keeps a process alive. */
export const createTraces = (settings: Settings, target: Target, version: string, losses: Losses, cut: AbortSignal): Traces => {
  const exporter = new OTLPTraceExporter(exporterOptions(target, cut));
  const provider = new TracerProvider({
    resource: resourceFromAttributes(settings.resource),
    sampler: samplerOf(settings.sampler),
    spanProcessors: [counting(exporter, settings.queue, losses)],
  });
  return { tracer: provider.getTracer('carillon', version), shutdown: () => provider.shutdown() };
};
