import { type HrTime, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { hrTime } from '@opentelemetry/core';
import { toMs } from '../core/instant.ts';
import type { Projection } from '../core/projection.ts';
import type { Clock } from '../ports/clock.ts';
import { startJoined } from './context.ts';
import { attributes as names, spans } from './names.ts';

/** Events older than this are caught up with: linked, not shown as part of a trace that ended long ago. */
const liveWithinMs = 60_000;

type Batch = {
  readonly since: HrTime;
  readonly live: boolean;
  readonly traceparents: Set<string>;
  events: number;
  failed: boolean;
  last: string;
};

/**
 * A projection that continues the traces of what it takes in: one `project <name>` a page and trace, or one linked span
 * when a page holds many traces or old events. A page's events are applied and committed in one go, so the span ends
 * when the code that applies them comes to wait for something else.
 */
export const tracedProjection = (projection: Projection, tracer: Tracer, clock: Clock): Projection => {
  let open: Batch | null = null;

  const end = (): void => {
    const batch = open;
    open = null;
    if (batch === null || batch.traceparents.size === 0) return;
    const attributes = { [names.projection]: projection.name, [names.eventCount]: batch.events, [names.position]: batch.last };
    const options = { kind: SpanKind.CONSUMER, attributes, startTime: batch.since };
    for (const span of startJoined(tracer, `${spans.project} ${projection.name}`, options, batch.traceparents, batch.live)) {
      if (batch.failed) span.setStatus({ code: SpanStatusCode.ERROR, message: 'an event was left out' });
      span.end(hrTime());
    }
  };

  return {
    ...projection,
    apply: (event, rows) => {
      if (open === null) {
        const live = toMs(clock.now()) - toMs(event.recordedAt) < liveWithinMs;
        open = { since: hrTime(), live, traceparents: new Set(), events: 0, failed: false, last: '' };
        queueMicrotask(end);
      }
      const batch = open;
      batch.events += 1;
      batch.last = event.position;
      if (event.metadata.traceparent !== undefined) batch.traceparents.add(event.metadata.traceparent);
      try {
        projection.apply(event, rows);
      } catch (error) {
        batch.failed = true;
        throw error;
      }
    },
  };
};
