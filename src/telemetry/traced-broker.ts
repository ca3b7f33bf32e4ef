import { type Attributes, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { type Broker, exchanges, type Handler, type Message, type Verdict } from '../ports/broker.ts';
import { failSpan, parentOf, traceparentOf } from './context.ts';
import { attributes as names, spans } from './names.ts';
import type { SlotTraces } from './slot-traces.ts';

type Tracing = {
  readonly tracer: Tracer;
  readonly slots: SlotTraces;
  /** `messaging.system.name`. */
  readonly system: string;
};

const describe = (system: string, operation: 'send' | 'process', destination: string, message: Message): Attributes => ({
  [names.system]: system,
  [names.systemBefore]: system,
  [names.operation]: operation,
  [names.operationName]: operation,
  [names.destination]: destination,
  [names.messageId]: message.id,
  [names.command]: message.type,
});

/** The message in a span's trace; the one that was given is left as it is. */
const within = (message: Message, traceparent: string): Message => ({ ...message, headers: { ...message.headers, traceparent } });

const verdictOf = (verdict: Verdict): string => (verdict === 'ack' ? 'ack' : 'retryAt' in verdict ? 'retry' : 'park');

/**
 * A broker whose messages carry their trace: `send <exchange>` around a publish, `process <queue>` around a delivery.
 * The context travels in the headers as plain data, since an owner handles many deliveries at once. A tick's id is its
 * slot: the reminders of a slot stay in the trace of its first tick.
 */
export const tracedBroker = (broker: Broker, { tracer, slots, system }: Tracing): Broker => {
  const publish: Broker['publish'] = async (exchange, key, message, options) => {
    // Answers end where their command came from: a span for them would say nothing.
    if (exchange === exchanges.replies) return broker.publish(exchange, key, message, options);
    const tick = exchange === exchanges.ticks;
    const parent = message.headers.traceparent ?? (tick ? slots.of(message.id) : undefined);
    const attributes = { ...describe(system, 'send', exchange, message), [names.routingKey]: key };
    const span = tracer.startSpan(`${spans.send} ${exchange}`, { kind: SpanKind.PRODUCER, attributes }, parentOf(parent));
    if (tick) slots.learn(message.id, traceparentOf(span));
    try {
      await broker.publish(exchange, key, within(message, traceparentOf(span)), options);
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  };

  const traced =
    (queue: string, handler: Handler): Handler =>
    async (message, attempt) => {
      if (message.type === 'answer') return handler(message, attempt);
      const attributes = { ...describe(system, 'process', queue, message), [names.attempt]: attempt };
      const parent = parentOf(message.headers.traceparent);
      const span = tracer.startSpan(`${spans.process} ${queue}`, { kind: SpanKind.CONSUMER, attributes }, parent);
      try {
        const verdict = await handler(within(message, traceparentOf(span)), attempt);
        span.setAttribute(names.verdict, verdictOf(verdict));
        if (verdict !== 'ack' && 'park' in verdict) span.setStatus({ code: SpanStatusCode.ERROR, message: verdict.park });
        return verdict;
      } catch (error) {
        failSpan(span, error);
        throw error;
      } finally {
        span.end();
      }
    };

  return { ...broker, publish, consume: (queue, options, handler) => broker.consume(queue, options, traced(queue, handler)) };
};
