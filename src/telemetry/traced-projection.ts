import { SpanKind, type Tracer } from '@opentelemetry/api';
import type { Projection } from '../core/projection.ts';
import { attributes as names, spans } from './names.ts';
import { parentOf } from './traces.ts';

/** Traces whose span was made lately: one span a trace and projection, however many events it has. */
const remembered = 1_000;

/** A projection that continues the trace of what it takes in: `project <name>`, once a trace. For the live tail only. */
export const tracedProjection = (projection: Projection, tracer: Tracer): Projection => {
  const seen = new Set<string>();
  return {
    ...projection,
    apply: (event, rows) => {
      const { traceparent } = event.metadata;
      const traceId = traceparent?.slice(3, 35);
      if (traceparent === undefined || traceId === undefined || seen.has(traceId)) return projection.apply(event, rows);
      seen.add(traceId);
      if (seen.size > remembered)
        for (const oldest of seen) {
          seen.delete(oldest);
          break;
        }
      const span = tracer.startSpan(
        `${spans.project} ${projection.name}`,
        {
          kind: SpanKind.CONSUMER,
          attributes: { [names.projection]: projection.name, [names.stream]: event.stream, [names.position]: event.position },
        },
        parentOf(traceparent),
      );
      try {
        projection.apply(event, rows);
      } finally {
        span.end();
      }
    },
  };
};
