import { describe, expect, it } from 'vitest';
import { exchanges, type Message } from '../../src/ports/broker.ts';
import { attributes, board, event, message, takeIn, tracedWorld, traceparent } from './world.ts';

describe('one trace', () => {
  it('goes from the tick over the append to the projection, and on through a reactor', async () => {
    const { broker, store, recorded, telemetry, sent, receiver } = await tracedWorld();
    const { promise, resolve } = Promise.withResolvers<void>();
    await broker.consume('carillon.house.00', { prefetch: 10 }, async ({ id, headers }) => {
      const stream = id === 'slot-1' ? 'engine.schedule-house/lamps' : 'house.lamp-a';
      await store.appendMany([
        { stream, events: [event(`${id}-event`, { traceparent: headers.traceparent!, correlationId: 'slot-1' })], expected: 'no-stream' },
      ]);
      if (id === 'react') resolve();
      return 'ack';
    });
    const tick = message('slot-1');
    await broker.publish(exchanges.ticks, 'house.lamps.00', tick);
    while ((await recorded()).length === 0) await new Promise((done) => setImmediate(done));
    const [opened] = await recorded();
    await takeIn(telemetry.projection(board), [opened!]);
    // A reactor's command carries its event's context.
    await broker.publish(exchanges.commands, 'house.00', message('react', { traceparent: opened!.metadata.traceparent! }));
    await promise;
    await new Promise((done) => setImmediate(done));
    const named = await sent();

    const [root] = named('send carillon.ticks');
    const [process, second] = named('process carillon.house.00');
    const [append] = named('append engine.schedule');
    const [projected] = named('project board');
    const [command] = named('send carillon.commands');
    const [changed] = named('append house.lamp');
    expect(new Set(receiver.spans.map((span) => span.traceId)).size).toBe(1);
    expect(root?.parentSpanId ?? '').toBe('');
    expect(process?.parentSpanId).toBe(root?.spanId);
    for (const child of [append, projected, command]) expect(child?.parentSpanId).toBe(process?.spanId);
    expect(second?.parentSpanId).toBe(command?.spanId);
    expect(changed?.parentSpanId).toBe(second?.spanId);
    expect(receiver.spans).toHaveLength(7);
    // The message that was published is as it was.
    expect(tick.headers).toEqual({});

    expect(attributes(root)).toMatchObject({
      'messaging.system.name': 'carillon',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'carillon.ticks',
      'messaging.message.id': 'slot-1',
    });
    expect(attributes(process)).toMatchObject({
      'carillon.verdict': 'ack',
      'carillon.attempt': 1,
      'messaging.destination.name': 'carillon.house.00',
    });
    expect(attributes(append)).toMatchObject({
      'carillon.category': 'engine.schedule',
      'carillon.event_count': 1,
      'carillon.outcome': 'ok',
      'carillon.correlation': 'slot-1',
    });
    expect(attributes(projected)).toMatchObject({ 'carillon.projection': 'board', 'carillon.event_count': 1 });
    expect(receiver.resource).toMatchObject({ 'service.name': 'carillon', 'service.version': '1.2.3', 'carillon.role': 'all' });
  });

  it('keeps the reminders of a slot in the trace of its first tick, and puts that trace into the log', async () => {
    const { broker, telemetry, sent, lines } = await tracedWorld();
    for (let turn = 0; turn < 3; turn++) await broker.publish(exchanges.ticks, 'house.lamps.00', message('house/lamps@2026-01-25T00:00Z'));
    telemetry.observers.note({
      kind: 'slot-opened',
      job: 'house/lamps',
      slot: 'house/lamps@2026-01-25T00:00Z',
      cause: 'schedule',
      delayMs: 5,
    });
    const ticks = (await sent())('send carillon.ticks');
    expect(ticks).toHaveLength(3);
    expect(new Set(ticks.map((span) => span.traceId)).size).toBe(1);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ scope: 'run', slot: 'house/lamps@2026-01-25T00:00Z', trace_id: ticks[0]!.traceId });
  });

  it('leaves answers out, passes headers on, and shows what failed', async () => {
    const { broker, sent } = await tracedWorld();
    const seen: Message[] = [];
    await broker.consume('carillon.replies.one', { prefetch: 1 }, async (each) => {
      seen.push(each);
      return 'ack';
    });
    await broker.consume('carillon.house.00', { prefetch: 1 }, async (each) => {
      seen.push(each);
      return { park: 'broken' };
    });
    await broker.publish(exchanges.replies, 'one', message('answer-1', { ref: '7' }, 'answer'));
    await broker.publish(exchanges.commands, 'house.00', message('bad', { traceparent: traceparent(7), replyTo: 'one' }));
    await expect(broker.publish(exchanges.commands, 'nobody.00', message('lost'))).rejects.toThrow();
    while (seen.length < 2) await new Promise((done) => setImmediate(done));
    await new Promise((done) => setImmediate(done));
    const named = await sent();
    expect(seen[0]?.headers).toEqual({ ref: '7' });
    expect(seen[1]?.headers).toMatchObject({ replyTo: 'one' });
    expect(seen[1]?.headers.traceparent?.slice(0, 35)).toBe(traceparent(7).slice(0, 35));
    expect(named('send carillon.replies')).toEqual([]);
    const [parked] = named('process carillon.house.00');
    expect(parked?.status).toMatchObject({ code: 2, message: 'broken' });
    expect(attributes(parked)).toMatchObject({ 'carillon.verdict': 'park' });
    const lost = named('send carillon.commands').find((span) => attributes(span)['messaging.message.id'] === 'lost');
    expect(attributes(lost)).toMatchObject({ 'error.type': 'broker-unavailable' });
  });
});

describe('the store', () => {
  it('shows one span an item in its own trace, with its outcome; events without a trace have none', async () => {
    const { store, sent, receiver } = await tracedWorld();
    await store.append({ stream: 'house.lamp-a', events: [event('a', { traceparent: traceparent(1) })], expected: 'no-stream' });
    await store.appendMany([
      { stream: 'house.lamp-a', events: [event('b', { traceparent: traceparent(2) })], expected: 'no-stream' },
      { stream: 'house.lamp-b', events: [event('c'), event('d')], expected: 'no-stream' },
    ]);
    await expect(store.append({ stream: 'house.lamp-c', events: [], expected: 'no-stream' })).rejects.toThrow();
    const appends = (await sent())('append house.lamp');
    expect(appends.map((span) => [span.traceId, attributes(span)['carillon.outcome']])).toEqual([
      [traceparent(1).slice(3, 35), 'ok'],
      [traceparent(2).slice(3, 35), 'conflict'],
    ]);
    expect(receiver.spans).toHaveLength(2);
  });

  it('shows a slice as one span in its run, and many traces as one span with links', async () => {
    const { store, sent } = await tracedWorld();
    const slice = (name: string, parent: (index: number) => string) =>
      Array.from({ length: 300 }, (_, index) => ({
        stream: `house.lamp-${name}${index}` as const,
        events: [event(`${name}${index}`, { traceparent: parent(index) })],
        expected: 'no-stream' as const,
      }));
    await store.appendMany(slice('one', () => traceparent(9)));
    await store.appendMany(slice('many', (index) => traceparent(index + 100)));
    await store.appendMany(slice('unsampled', (index) => traceparent(index + 1_000, '00')));
    const [one, many, ...others] = (await sent())('append batch');
    expect(one).toMatchObject({ traceId: traceparent(9).slice(3, 35), parentSpanId: traceparent(9).slice(36, 52) });
    expect(attributes(one)).toMatchObject({ 'carillon.batch_items': 300, 'carillon.conflicts': 0, 'carillon.outcome': 'ok' });
    expect(many?.parentSpanId ?? '').toBe('');
    expect(many?.links).toHaveLength(128);
    expect(attributes(many)).toMatchObject({ 'carillon.traces': 300 });
    expect(others).toEqual([]);
  });
});

describe('projections', () => {
  it('continue each of a few traces, and link to many or to old ones', async () => {
    const { store, recorded, telemetry, sent } = await tracedWorld();
    const projection = telemetry.projection(board);
    await store.appendMany(
      Array.from({ length: 50 }, (_, index) => ({
        stream: `house.lamp-${index}` as const,
        events: [event(`e${index}`, { traceparent: traceparent(index + 1) })],
        expected: 'no-stream' as const,
      })),
    );
    const events = await recorded();
    await takeIn(projection, events.slice(0, 3));
    await takeIn(projection, events);
    await takeIn(projection, [{ ...events[0]!, recordedAt: '2020-01-01T00:00:00.000Z' as (typeof events)[0]['recordedAt'] }]);
    const spans = (await sent())('project board');
    expect(spans.map((span) => [span.parentSpanId ? 'child' : 'root', span.links?.length ?? 0])).toEqual([
      ['child', 0],
      ['child', 0],
      ['child', 0],
      ['root', 50],
      ['root', 1],
    ]);
    for (const span of spans) expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
  });
});

describe('off', () => {
  it('wraps no projection and adds no header', async () => {
    const { telemetry, broker, receiver, sent } = await tracedWorld({ OTEL_SDK_DISABLED: 'true' });
    expect(telemetry.projection(board)).toBe(board);
    let headers: Message['headers'] | undefined;
    await broker.consume('carillon.house.00', { prefetch: 1 }, async (each) => {
      headers = each.headers;
      return 'ack';
    });
    await broker.publish(exchanges.commands, 'house.00', message('m'));
    while (headers === undefined) await new Promise((done) => setImmediate(done));
    expect(headers).toEqual({});
    await sent();
    expect(receiver.requests).toEqual([]);
  });

  it('keeps an unsampled trace unsampled, and passes it on', async () => {
    const { broker, store, sent, receiver } = await tracedWorld({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
    let header: string | undefined;
    await broker.consume('carillon.house.00', { prefetch: 1 }, async (each) => {
      header = each.headers.traceparent;
      return 'ack';
    });
    await broker.publish(exchanges.commands, 'house.00', message('m'));
    while (header === undefined) await new Promise((done) => setImmediate(done));
    expect(header).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    await store.append({ stream: 'house.lamp-a', events: [event('a', { traceparent: header })], expected: 'no-stream' });
    await sent();
    expect(receiver.spans).toEqual([]);
  });
});
