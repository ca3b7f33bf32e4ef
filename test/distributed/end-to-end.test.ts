import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../src/core/event.ts';
import { type Receiver, startReceiver } from '../support/otlp-receiver.ts';
import { escrowOrders } from './escrows.ts';
import { spansByProcess } from './spans.ts';
import { installed, startWorld, type World } from './world.ts';

const escrows = 60;
const held = 40;
const job = 'giving/release-escrows';
const schedule = `/api/v1/schedules/${encodeURIComponent(job)}`;
const follows = ['EscrowReleased', 'FundsPosted', 'CycleObligated', 'CoinsAwarded'];

const countOf = (events: readonly RecordedEvent[], type: string): number => events.filter((event) => event.type === type).length;

describe.skipIf(!installed)('five processes: ticker, two handlers, projections and api', () => {
  let world: World;
  let receiver: Receiver;
  let log: readonly RecordedEvent[] = [];

  beforeAll(async () => {
    receiver = await startReceiver();
    world = await startWorld({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '200' } });
    await Promise.all((['projections', 'handlers', 'handlers', 'ticker', 'api'] as const).map((role) => world.up(role)));
  }, 120_000);
  afterAll(async () => {
    await world?.close();
    receiver?.close();
  }, 60_000);

  it('escrows that come over HTTP are released by ticks, once, and what follows is posted once', { timeout: 90_000 }, async () => {
    await world.send(escrowOrders(0, escrows));
    log = await world.settled(60_000);
    expect(follows.map((type) => countOf(log, type))).toEqual(follows.map(() => escrows));
    for (const { data } of log.filter(({ type }) => type === 'SlotClosed')) expect(data).toMatchObject({ verdict: 'completed' });
  });

  it('one trace goes from the tick over the handlers to the projections, each in a process of its own', { timeout: 30_000 }, async () => {
    const released = log.find(({ type, metadata }) => type === 'EscrowReleased' && metadata.job === job);
    const trace = released?.metadata.traceparent?.split('-')[1];
    expect(trace).toMatch(/^[0-9a-f]{32}$/);
    const wanted = [
      'carillon-ticker send carillon.ticks',
      `carillon-handlers append giving.escrow`,
      'carillon-handlers append engine.run',
      'carillon-projections project due-index',
      'carillon-projections project runs',
    ];
    await expect.poll(() => spansByProcess(receiver, trace ?? ''), { timeout: 10_000 }).toEqual(expect.arrayContaining(wanted));
  });

  it('a job that is paused is paused for every owner, and a slot by hand still releases what is due', { timeout: 60_000 }, async () => {
    expect((await world.call('POST', `${schedule}/pause`, { reason: 'test' })).status).toBe(200);
    await world.send(escrowOrders(escrows, held));
    // Any command to an actor settles it first, wherever its owner is.
    const again = escrowOrders(escrows, held).filter(({ type }) => type === 'ConfirmReceipt');
    const answer = await world.call('POST', '/api/v1/commands', {
      commands: again.map((order) => ({ ...order, id: `again-${order.id}` })),
    });
    const rules = (answer.body as { answers: { rule: string }[] }).answers.map(({ rule }) => rule);
    expect(rules).toEqual(rules.map(() => 'already-received'));
    expect(countOf(await world.read(), 'EscrowReleased')).toBe(escrows);

    const slot = await world.trigger(job);
    const events = await world.settled(40_000);
    const verdict = events.find(({ type, data }) => type === 'SlotClosed' && (data as { slot: string }).slot === slot);
    expect(verdict?.data).toMatchObject({ verdict: 'completed', counts: { due: held, changed: held, parked: 0 } });
    const run = (): Promise<unknown> => world.call('GET', `/api/v1/runs/${encodeURIComponent(slot)}`).then(({ body }) => body);
    await expect.poll(run, { timeout: 10_000 }).toMatchObject({ verdict: 'completed', due: held, changed: held });
    expect((await world.call('POST', `${schedule}/resume`, { reason: 'test' })).status).toBe(200);
  });

  it('the log, the read models and what the client was told agree', { timeout: 60_000 }, async () => {
    const { codes, findings } = await world.audit();
    expect(findings).toEqual([]);
    expect(codes).toEqual([0, 0, 0, 0, 0]);
  });
});
