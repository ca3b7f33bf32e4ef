import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { isCarillonError, messageOf } from '../core/errors.ts';
import { attributes as names } from './names.ts';

const shape = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
/** Work for so many traces at once shows as one span in each; above it, as one span of its own. */
const nestUpTo = 20;
const maxLinks = 128;

/** The span that a W3C `traceparent` names; undefined for an unreadable one. */
export const spanContextOf = (traceparent: string | undefined): SpanContext | undefined => {
  const match = traceparent === undefined ? null : shape.exec(traceparent);
  if (match === null) return undefined;
  const context = { traceId: match[1]!, spanId: match[2]!, traceFlags: Number.parseInt(match[3]!, 16), isRemote: true };
  return trace.isSpanContextValid(context) ? context : undefined;
};

/** The context to start a child in; the root without a readable `traceparent`. */
export const parentOf = (traceparent: string | undefined): Context => {
  const context = spanContextOf(traceparent);
  return context === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context);
};

/** A span as the W3C header that its children continue. */
export const traceparentOf = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
};

/** Marks a span as failed by what was thrown. */
export const failSpan = (span: Span, error: unknown): void => {
  const type = isCarillonError(error) ? error.code : error instanceof Error ? error.name : typeof error;
  span.setAttribute(names.errorType, type).setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
};

/**
 * The spans of one piece of work that was done for several traces at once. Few traces: one span in each. Many, or `nest`
 * false: one span of its own, linked to the first 128. None when nobody samples these traces.
 */
export const startJoined = (
  tracer: Tracer,
  name: string,
  options: SpanOptions,
  traceparents: Iterable<string>,
  nest = true,
): readonly Span[] => {
  const traces = new Map<string, SpanContext>();
  for (const traceparent of traceparents) {
    const context = spanContextOf(traceparent);
    if (context !== undefined && (context.traceFlags & TraceFlags.SAMPLED) !== 0 && !traces.has(context.traceId))
      traces.set(context.traceId, context);
  }
  if (traces.size === 0) return [];
  const contexts = [...traces.values()];
  if (nest && contexts.length <= nestUpTo)
    return contexts.map((context) => tracer.startSpan(name, options, trace.setSpanContext(ROOT_CONTEXT, context)));
  const attributes = { ...options.attributes, [names.traces]: contexts.length };
  return [
    tracer.startSpan(name, { ...options, attributes, links: contexts.slice(0, maxLinks).map((context) => ({ context })) }, ROOT_CONTEXT),
  ];
};
