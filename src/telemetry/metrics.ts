import type { Attributes, Meter, ObservableGauge } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { exporterOptions } from './exporter.ts';
import { type MetricName, metrics as names } from './names.ts';
import type { Settings } from './settings.ts';

export type Observed = readonly { readonly value: number; readonly labels: Attributes }[];

/** Metrics of one process: read as Prometheus text, and sent by OTLP when a collector is named. */
export type Metrics = {
  /** Adds to a counter, sets a gauge, or records in a histogram. */
  add(name: MetricName, value: number, labels: Attributes): void;
  /** Says where an `observed` gauge looks its values up. */
  observe(name: MetricName, look: () => Promise<Observed>): void;
  /** Prometheus text; null once it has shut down. */
  text(): Promise<string | null>;
  shutdown(): Promise<void>;
};

type Instruments = {
  readonly add: Map<MetricName, Metrics['add'] extends (name: MetricName, ...rest: infer R) => void ? (...rest: R) => void : never>;
  readonly gauges: Map<MetricName, ObservableGauge>;
};

const unitOf = (name: string): { unit?: string } => (/_seconds$/.test(name) ? { unit: 's' } : {});

const makeAll = (meter: Meter): Instruments => {
  const made: Instruments = { add: new Map(), gauges: new Map() };
  for (const key of Object.keys(names) as MetricName[]) {
    const metric = names[key];
    const options = { description: metric.help, ...unitOf(metric.name) };
    if (metric.kind === 'observed') made.gauges.set(key, meter.createObservableGauge(metric.name, options));
    else if (metric.kind === 'counter') {
      const counter = meter.createCounter(metric.name, options);
      made.add.set(key, (value, labels) => counter.add(value, labels));
    } else {
      const instrument =
        metric.kind === 'gauge'
          ? meter.createGauge(metric.name, options)
          : meter.createHistogram(metric.name, { ...options, advice: { explicitBucketBoundaries: [...metric.buckets] } });
      made.add.set(key, (value, labels) => instrument.record(value, labels));
    }
  }
  return made;
};

/** Metrics as names.ts lists them. `cut` ends the connections to the collector. */
export const createMetrics = (settings: Settings, version: string, cut: AbortSignal): Metrics => {
  // It is only collected when asked: it opens no port of its own.
  const prometheus = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const otlp = settings.metrics && new OTLPMetricExporter(exporterOptions(settings.metrics, cut));
  const readers =
    otlp === null ? [] : [new PeriodicExportingMetricReader({ exporter: otlp, exportIntervalMillis: settings.metricIntervalMs })];
  const provider = new MeterProvider({ resource: resourceFromAttributes(settings.resource), readers: [prometheus, ...readers] });
  const { add, gauges } = makeAll(provider.getMeter('carillon', version));
  let ended = false;
  return {
    add: (name, value, labels) => add.get(name)?.(value, labels),
    observe: (name, look) =>
      gauges.get(name)?.addCallback(async (result) => {
        // A store that is closing answers no more; the reading goes on without it.
        for (const { value, labels } of await look().catch((): Observed => [])) result.observe(value, labels);
      }),
    text: async () => {
      if (ended) return null;
      const text = serializer.serialize((await prometheus.collect()).resourceMetrics);
      // The exporter writes OTel's unit "s" where OpenMetrics wants the word that the name ends with.
      return text.replaceAll(/^# UNIT .*\n/gm, '');
    },
    shutdown: async () => {
      ended = true;
      await provider.shutdown();
    },
  };
};
