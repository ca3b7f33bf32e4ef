import { onTestFinished } from 'vitest';
import { createMemoryBroker } from '../../src/adapters/memory/broker.ts';
import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { NewEvent, RecordedEvent } from '../../src/core/event.ts';
import { defineProjection, type Projection } from '../../src/core/projection.ts';
import { exchanges, type Message } from '../../src/ports/broker.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { project } from '../../src/projections/projector.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';
import { attributesOf, type ReceivedSpan, startReceiver } from '../support/otlp-receiver.ts';

export const clock = createSystemClock();

export const event = (id: string, metadata: Partial<NewEvent['metadata']> = {}, type = 'LampLit'): NewEvent => ({
  id,
  type,
  data: {},
  metadata: { correlationId: 'c', causationId: 'd', asOf: clock.now(), rule: 'r', schema: '1', ...metadata },
});

export const message = (id: string, headers: Message['headers'] = {}, type = 'command'): Message => ({ id, type, headers, body: {} });

/** A valid header of a trace of its own. */
export const traceparent = (number: number, flags = '01'): string =>
  `00-${number.toString(16).padStart(32, '0')}-${number.toString(16).padStart(16, '0')}-${flags}`;

export const board: Projection = defineProjection({ name: 'board', version: 1, tables: [], apply: () => undefined });

const nowhere = { get: async () => [], commit: async () => undefined } as unknown as ReadModels;

/** Hands one page to a projection, as the live tail does. */
export const takeIn = (projection: Projection, events: readonly RecordedEvent[]): Promise<number> =>
  project(nowhere, projection, { events, upTo: events.at(-1)!.position }, null);

/** Traced memory adapters, and a collector on loopback. */
export const tracedWorld = async (env: Record<string, string> = {}) => {
  const receiver = await startReceiver();
  onTestFinished(receiver.close);
  const lines: string[] = [];
  const telemetry = createTelemetry({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, LOG_LEVEL: 'trace', ...env },
    version: '1.2.3',
    clock,
    role: 'all',
    destination: { write: (line) => void lines.push(line) },
  });
  const broker = telemetry.broker(createMemoryBroker({ clock }));
  await broker.declare({
    exchanges: [
      { name: exchanges.ticks, kind: 'topic' },
      { name: exchanges.commands, kind: 'direct' },
      { name: exchanges.replies, kind: 'direct' },
    ],
    queues: [{ name: 'carillon.house.00' }, { name: 'carillon.replies.one' }],
    bindings: [
      { exchange: exchanges.ticks, queue: 'carillon.house.00', key: 'house.*.00' },
      { exchange: exchanges.commands, queue: 'carillon.house.00', key: 'house.00' },
      { exchange: exchanges.replies, queue: 'carillon.replies.one', key: 'one' },
    ],
  });
  const store = telemetry.store(createMemoryEventStore({ clock }));
  const recorded = async (): Promise<RecordedEvent[]> => {
    const events: RecordedEvent[] = [];
    for await (const page of store.readAll({})) events.push(...page.events);
    return events;
  };
  /** Everything that was sent, by the name of the span. */
  const sent = async (): Promise<(name: string) => ReceivedSpan[]> => {
    await telemetry.shutdown();
    return (name) => receiver.spans.filter((span) => span.name === name);
  };
  return { receiver, lines, telemetry, broker, store, recorded, sent };
};

export const attributes = (span: ReceivedSpan | undefined): Readonly<Record<string, unknown>> => attributesOf(span?.attributes ?? []);
