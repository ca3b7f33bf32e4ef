import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { type Broker, exchanges } from '../ports/broker.ts';
import { attributes as names, spans } from './names.ts';
import { parentOf, traceparentOf } from './traces.ts';

/**
 * A broker whose messages carry their trace: `send <exchange>` around a publish, `process <queue>` around a delivery.
 * The context travels in the headers as plain data, since an owner handles many deliveries at once.
 */
export const tracedBroker = (broker: Broker, tracer: Tracer): Broker => ({
  ...broker,
  publish: async (exchange, key, message, options) => {
    // Answers end where their command came from: a span for them would say nothing.
    if (exchange === exchanges.replies) return broker.publish(exchange, key, message, options);
    const span = tracer.startSpan(
      `${spans.send} ${exchange}`,
      {
        kind: SpanKind.PRODUCER,
        attributes: {
          [names.system]: 'carillon',
          [names.operation]: 'send',
          [names.destination]: exchange,
          [names.routingKey]: key,
          [names.messageId]: message.id,
        },
      },
      parentOf(message.headers.traceparent),
    );
    try {
      await broker.publish(exchange, key, { ...message, headers: { ...message.headers, traceparent: traceparentOf(span) } }, options);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  },
  consume: (queue, options, handler) =>
    broker.consume(queue, options, async (message, attempt) => {
      if (message.type === 'answer') return handler(message, attempt);
      const span = tracer.startSpan(
        `${spans.process} ${queue}`,
        {
          kind: SpanKind.CONSUMER,
          attributes: {
            [names.system]: 'carillon',
            [names.operation]: 'process',
            [names.destination]: queue,
            [names.messageId]: message.id,
            [names.command]: message.type,
          },
        },
        parentOf(message.headers.traceparent),
      );
      try {
        return await handler({ ...message, headers: { ...message.headers, traceparent: traceparentOf(span) } }, attempt);
      } finally {
        span.end();
      }
    }),
});
