import type { Attributes } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { jobOfKey } from '../core/ids.ts';
import { toMs } from '../core/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { Note } from '../ports/observers.ts';
import { metrics as names } from './names.ts';

type Name = keyof typeof names;

/** Metrics of one process: fed by notes, read as Prometheus text, sent by OTLP when a collector is named. */
export type Metrics = {
  note(note: Note): void;
  add(name: Name, value: number, labels: Attributes): void;
  text(): Promise<string>;
  shutdown(): Promise<void>;
};

export const createMetrics = (options: { resource: Resource; version: string; clock: Clock; otlp: boolean }): Metrics => {
  // It is only collected when asked: it opens no port of its own.
  const prometheus = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const readers = [prometheus, ...(options.otlp ? [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })] : [])];
  const provider = new MeterProvider({ resource: options.resource, readers });
  const meter = provider.getMeter('carillon', options.version);
  const make = (name: Name): ((value: number, labels: Attributes) => void) => {
    const { name: full, kind, help } = names[name];
    if (kind === 'counter') {
      const counter = meter.createCounter(full, { description: help });
      return (value, labels) => counter.add(value, labels);
    }
    const instrument =
      kind === 'histogram' ? meter.createHistogram(full, { description: help }) : meter.createGauge(full, { description: help });
    return (value, labels) => instrument.record(value, labels);
  };
  const instruments = Object.fromEntries((Object.keys(names) as Name[]).map((name) => [name, make(name)])) as Record<
    Name,
    (value: number, labels: Attributes) => void
  >;
  const add: Metrics['add'] = (name, value, labels) => instruments[name](value, labels);
  add('build', 1, { version: options.version });

  const note = (note: Note): void => {
    switch (note.kind) {
      case 'slot-opened':
        return add('delay', note.delayMs / 1_000, { job: jobOfKey(note.job) });
      case 'slot-closed':
        add('runs', 1, { job: note.job, trigger: note.cause, outcome: note.verdict });
        add('runDuration', note.durationMs / 1_000, { job: note.job });
        if (note.counts.changed) add('changed', note.counts.changed, { job: note.job });
        if (note.verdict === 'completed') add('lastSuccess', toMs(options.clock.now()) / 1_000, { job: note.job });
        return;
      case 'slice-done':
        return add('entities', note.actors, { job: note.job });
      case 'item-failed':
        return add('failures', 1, { job: note.job });
      case 'item-parked':
        return add('parked', 1, { job: note.job });
      case 'effect':
        return add('effects', 1, { effect: note.effect, outcome: note.outcome });
      case 'projected':
        return note.events === 0 ? undefined : add('projected', note.events, { projection: note.projection });
      case 'alert':
        return note.open ? add('alerts', 1, { job: note.job, alert: note.alert }) : undefined;
    }
  };

  return {
    note,
    add,
    text: async () => serializer.serialize((await prometheus.collect()).resourceMetrics),
    shutdown: () => provider.shutdown(),
  };
};
