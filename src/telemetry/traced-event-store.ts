import { type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { categoryOf } from '../core/stream.ts';
import type { AppendItem, AppendResult, EventStore } from '../ports/event-store.ts';
import { attributes as names, spans } from './names.ts';
import { linksOf, parentOf } from './traces.ts';

/** Above this many streams in one append, one span with links stands for all. */
const fanOut = 200;

const parentIn = (item: AppendItem): string | undefined => item.events[0]?.metadata.traceparent;

const outcomeOf = (result: AppendResult): string => (result.ok ? 'ok' : 'conflict');

/** An event store that shows each append as a span of the trace that its events carry, and counts what became durable. */
export const tracedEventStore = (store: EventStore, tracer: Tracer): EventStore => {
  const begin = (item: AppendItem): Span =>
    tracer.startSpan(
      `${spans.append} ${categoryOf(item.stream)}`,
      { kind: SpanKind.CLIENT, attributes: { [names.stream]: item.stream, [names.events]: item.events.map((event) => event.type) } },
      parentIn(item) === undefined ? undefined : parentOf(parentIn(item)),
    );

  const many = async (items: readonly AppendItem[]): Promise<readonly AppendResult[]> => {
    const parents = items.flatMap((item) => parentIn(item) ?? []);
    const span = tracer.startSpan(
      `${spans.append} batch`,
      { kind: SpanKind.CLIENT, links: linksOf(parents, 128), attributes: { [names.batch]: items.length } },
      parentOf(parents[0]),
    );
    try {
      return await store.appendMany(items);
    } finally {
      span.end();
    }
  };

  const appendMany: EventStore['appendMany'] = async (items) => {
    if (items.length > fanOut) return many(items);
    const open = items.map((item) => (parentIn(item) === undefined ? null : begin(item)));
    try {
      const results = await store.appendMany(items);
      for (const [index, result] of results.entries()) open[index]?.setAttribute(names.outcome, outcomeOf(result));
      return results;
    } finally {
      for (const span of open) span?.end();
    }
  };

  return { ...store, appendMany, append: async (item) => (await appendMany([item]))[0]! };
};
