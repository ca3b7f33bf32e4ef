import { type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { categoryOf } from '../core/stream.ts';
import type { AppendItem, AppendResult, EventStore } from '../ports/event-store.ts';
import { failSpan, parentOf, spanContextOf, startJoined } from './context.ts';
import { attributes as names, spans } from './names.ts';
import type { SlotTraces } from './slot-traces.ts';

/** Above this many streams in one append, one span a trace stands for all. */
const fanOut = 200;
const maxTypes = 20;

const traceparentIn = (item: AppendItem): string | undefined => item.events[0]?.metadata.traceparent;
const outcomeOf = (result: AppendResult): string => (result.ok ? 'ok' : result.actual === 'erased' ? 'erased' : 'conflict');

/** The appends in hand: told how they ended, all at once. */
type Open = { done(results: readonly AppendResult[]): void; failed(error: unknown): void };

const beginEach = (tracer: Tracer, items: readonly AppendItem[]): Open => {
  const open = items.map((item): Span | undefined => {
    const traceparent = traceparentIn(item);
    if (spanContextOf(traceparent) === undefined) return undefined;
    const attributes = {
      [names.category]: categoryOf(item.stream),
      [names.stream]: item.stream,
      [names.events]: item.events.slice(0, maxTypes).map((event) => event.type),
      [names.eventCount]: item.events.length,
      [names.correlation]: item.events[0]?.metadata.correlationId ?? '',
    };
    return tracer.startSpan(`${spans.append} ${categoryOf(item.stream)}`, { kind: SpanKind.CLIENT, attributes }, parentOf(traceparent));
  });
  return {
    done: (results) => {
      for (const [index, span] of open.entries()) {
        const result = results[index];
        if (result !== undefined) span?.setAttribute(names.outcome, outcomeOf(result));
        span?.end();
      }
    },
    failed: (error) => {
      for (const span of open) {
        if (span !== undefined) failSpan(span, error);
        span?.end();
      }
    },
  };
};

const beginBatch = (tracer: Tracer, items: readonly AppendItem[]): Open => {
  const attributes = { [names.batch]: items.length, [names.eventCount]: items.reduce((sum, item) => sum + item.events.length, 0) };
  const parents = items.flatMap((item) => traceparentIn(item) ?? []);
  const open = startJoined(tracer, `${spans.append} batch`, { kind: SpanKind.CLIENT, attributes }, parents);
  return {
    done: (results) => {
      const conflicts = results.filter((result) => !result.ok).length;
      for (const span of open)
        span.setAttributes({ [names.conflicts]: conflicts, [names.outcome]: conflicts === 0 ? 'ok' : 'conflict' }).end();
    },
    failed: (error) => {
      for (const span of open) {
        failSpan(span, error);
        span.end();
      }
    },
  };
};

/** An event store that shows each append as a span of the trace that its events carry. */
export const tracedEventStore = (store: EventStore, tracer: Tracer, slots: SlotTraces): EventStore => {
  const learn = (item: AppendItem): void => {
    const { traceparent, correlationId } = item.events[0]?.metadata ?? {};
    if (traceparent !== undefined && correlationId !== undefined && item.stream.startsWith('engine.schedule-'))
      slots.learn(correlationId, traceparent);
  };

  const around = async <T>(
    items: readonly AppendItem[],
    work: () => Promise<T>,
    resultsOf: (value: T) => readonly AppendResult[],
  ): Promise<T> => {
    items.forEach(learn);
    const open = items.length > fanOut ? beginBatch(tracer, items) : beginEach(tracer, items);
    let value: T;
    try {
      value = await work();
    } catch (error) {
      open.failed(error);
      throw error;
    }
    open.done(resultsOf(value));
    return value;
  };

  return {
    ...store,
    append: (item) =>
      around(
        [item],
        () => store.append(item),
        (result) => [result],
      ),
    appendMany: (items) =>
      around(
        items,
        () => store.appendMany(items),
        (results) => results,
      ),
  };
};
