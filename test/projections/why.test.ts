import { describe, expect, it } from 'vitest';
import { giving } from '../../src/contexts/giving/index.ts';
import type { Metadata, NewEvent, StreamName } from '../../src/core/event.ts';
import { fromMs, instant } from '../../src/core/instant.ts';
import { reactionsTo } from '../../src/core/reactions.ts';
import { defineReactor } from '../../src/core/reactor.ts';
import { runDemo } from '../../src/demo.ts';
import { type Explanation, findEntity, why } from '../../src/projections/why.ts';
import { formatWhy } from '../../src/projections/why-format.ts';
import { createWorld } from '../api/support/world.ts';
import { testApp } from '../support/app.ts';

const friday = '2026-11-20T13:12:00.000Z';
const donation = { donor: 'd1', recipient: 'r1', cents: 2_500 };
const escrow: StreamName = 'giving.escrow-e1';

describe('why, of decisions by command', () => {
  it('tells each decision with its rule, facts, person and reason, newest first', async () => {
    const world = await createWorld();
    world.clock.set(friday);
    await world.tell(escrow, 'SendDonation', donation, { id: 'send-1', by: 'ann', reason: 'first gift' });
    await world.tell(escrow, 'ConfirmReceipt', {}, { id: 'confirm-1' });
    const { stream, changes, now } = await why(world.service, escrow);
    expect(stream).toBe(escrow);
    expect(changes).toMatchObject([
      {
        events: ['EscrowHeld'],
        revision: 1,
        rule: 'receipt-confirmed',
        facts: { holdUntil: '2026-11-22T13:12:00.000Z' },
        refused: false,
        job: null,
        slot: null,
        command: { id: 'confirm-1', by: null, reason: null },
      },
      {
        events: ['DonationSent'],
        revision: 0,
        at: friday,
        rule: 'donation-sent',
        command: { id: 'send-1', by: 'ann', reason: 'first gift' },
        followed: [],
      },
    ]);
    expect(now).toMatchObject({ state: { status: 'holding' }, next: { job: 'giving/release-escrows', at: '2026-11-22T13:12:00.001Z' } });
    expect((await why(world.service, escrow, 1)).changes.map((change) => change.events)).toEqual([['EscrowHeld']]);
  });

  it('explains a refused command; the state is as if it had not been', async () => {
    const world = await createWorld();
    world.clock.set(friday);
    await world.tell(escrow, 'SendDonation', donation, { id: 'send-1' });
    const answer = await world.tell(escrow, 'SendDonation', donation, { id: 'send-2', by: 'bob', reason: 'once more' });
    expect(answer).toMatchObject({ kind: 'rejected', rule: 'already-sent' });
    const explanation = await why(world.service, escrow);
    expect(explanation.changes[0]).toMatchObject({
      refused: true,
      rule: 'already-sent',
      command: { id: 'send-2', by: 'bob', reason: 'once more' },
    });
    expect(explanation.now).toMatchObject({ state: { status: 'sent', donor: 'd1' }, next: null });
    expect(formatWhy(explanation)).toEqual([
      'why giving.escrow-e1',
      '  refused  2026-11-20 13:12Z  already-sent  command send-2 by bob ("once more")',
      '  DonationSent  2026-11-20 13:12Z  donation-sent  command send-1',
      '  now: nothing due',
    ]);
  });

  it('what is due by now is applied in memory, and nothing is recorded', async () => {
    const world = await createWorld();
    world.clock.set(friday);
    await world.tell(escrow, 'SendDonation', donation);
    await world.tell(escrow, 'ConfirmReceipt', {});
    const head = await world.store.head();
    world.clock.set('2026-11-24T00:00:00.000Z');
    expect((await why(world.service, escrow)).now).toMatchObject({ state: { status: 'released' }, next: null });
    expect(await world.store.head()).toBe(head);
  });

  it('a stream that never was is not-found, an erased one says so', async () => {
    const world = await createWorld();
    await world.tell(escrow, 'SendDonation', donation);
    await expect(why(world.service, 'giving.escrow-none')).rejects.toMatchObject({ code: 'not-found' });
    await expect(why(world.service, 'nobody.thing-1')).rejects.toMatchObject({ code: 'not-found' });
    await world.store.erase(escrow);
    await expect(why(world.service, escrow)).rejects.toMatchObject({ code: 'stream-erased' });
  });
});

describe('why, of a long stream', () => {
  const wallet: StreamName = 'giving.wallet-r1';
  const recorded = (type: string, cents: string, more: Partial<Metadata> = {}): NewEvent => ({
    id: crypto.randomUUID(),
    type,
    data: { escrow: 'e1', cents },
    metadata: { correlationId: 'c', causationId: crypto.randomUUID(), asOf: instant(friday), rule: 'test', schema: '1', ...more },
  });
  const many = (count: number): NewEvent[] => Array.from({ length: count }, () => recorded('FundsReceivable', '1'));

  it('tells the newest decisions and the state of all events, with or without the row of its actor', async () => {
    const world = await createWorld();
    await world.store.append({ stream: wallet, events: [...many(2_499), recorded('FundsPosted', '7')], expected: 'no-stream' });
    const told = async () => {
      const { changes, now } = await why(world.service, wallet, 2);
      return [changes.map((change) => [change.events, change.revision]), now.state];
    };
    const wanted = [
      [
        [['FundsPosted'], 2_499],
        [['FundsReceivable'], 2_498],
      ],
      { receivableCents: '2492', fiatCents: '7' },
    ];
    expect(await told()).toEqual(wanted);
    await world.catchUp();
    expect(await told()).toEqual(wanted);
    await world.store.append({ stream: wallet, events: [recorded('FundsPosted', '3')], expected: 2_499 });
    expect((await why(world.service, wallet)).now.state).toEqual({ receivableCents: '2489', fiatCents: '10' });
  });

  it('begins at the newest fold, also when what was before it is gone', async () => {
    const world = await createWorld();
    await world.defineAll();
    const stream: StreamName = 'engine.schedule-giving/release-escrows';
    const { state } = (await why(world.service, stream)).now;
    const folded = { ...recorded('LedgerFolded', '0'), data: { state } };
    await world.store.append({ stream, events: [folded, { ...recorded('ScheduleRemoved', '0'), data: {} }], expected: 0 });
    await world.store.truncate(stream, 1);
    const { changes, now } = await why(world.service, stream);
    expect(changes.flatMap((change) => change.events)).toEqual(['ScheduleRemoved', 'LedgerFolded']);
    expect(now.state).toEqual({ ...(state as object), status: 'removed' });
  });

  it('finds what followed however much came after it; a reactor that throws costs nothing', async () => {
    const world = await createWorld();
    world.clock.set(friday);
    await world.tell(escrow, 'SendDonation', donation);
    await world.tell(escrow, 'ConfirmReceipt', {});
    const held = (await world.store.read(escrow)).events.find((event) => event.type === 'EscrowHeld')!;
    const { registry } = world.service;
    const reserve = registry.reactors
      .filter((reactor) => reactor.on.includes('EscrowHeld'))
      .flatMap((reactor) => reactionsTo(reactor, held))
      .find((command) => command.to === wallet)!;
    const followed = recorded('FundsReceivable', '2500', { causationId: reserve.id });
    await world.store.append({ stream: wallet, events: [...many(3), followed, ...many(900)], expected: 'no-stream' });
    const broken = defineReactor({
      name: 'giving/break-down',
      on: ['EscrowHeld'],
      targets: [],
      react: () => {
        throw new Error('broken');
      },
    });
    const [change] = (await why({ ...world.service, registry: { ...registry, reactors: [broken, ...registry.reactors] } }, escrow)).changes;
    expect(change?.followed).toEqual([{ stream: wallet, events: ['FundsReceivable'] }]);
  });
});

describe('findEntity', () => {
  it('finds a stream by its name and by a bare id that one actor has; else not-found or ambiguous', async () => {
    const world = await createWorld();
    await world.tell('giving.escrow-e1', 'SendDonation', donation);
    await world.tell('quiz.progress-p1', 'CompleteQuiz', { xp: 20 });
    await world.tell('quiz.progress-e1', 'CompleteQuiz', { xp: 20 });
    expect(await findEntity(world.service, 'giving.escrow-e1')).toBe('giving.escrow-e1');
    expect(await findEntity(world.service, 'p1')).toBe('quiz.progress-p1');
    await expect(findEntity(world.service, 'e1')).rejects.toMatchObject({
      code: 'ambiguous-name',
      message: expect.stringMatching(/giving\.escrow-e1 and|and giving\.escrow-e1/),
    });
    await expect(findEntity(world.service, 'nobody')).rejects.toMatchObject({ code: 'not-found' });
    expect(await findEntity(world.service, 'giving.escrow-zz')).toBe('giving.escrow-zz');
    await expect(findEntity(world.service, 'not an id!')).rejects.toMatchObject({ code: 'stream-invalid' });
  });
});

describe('why, of what a slot did', () => {
  it('leads from the release to its slot, the schedule and who defined it, and to what followed', async () => {
    const begun = fromMs(Date.now() - 5 * 86_400_000);
    const lines = [
      { id: 'send', to: escrow, type: 'SendDonation', data: donation, asOf: begun },
      { id: 'confirm', to: escrow, type: 'ConfirmReceipt', data: {}, asOf: begun },
    ];
    const app = await testApp([giving], { facts: { name: 'one-gift', lines } });
    await runDemo(app);
    const explanation = await why(app.service, escrow);
    const [release, held] = explanation.changes;
    expect(release).toMatchObject({
      events: ['EscrowReleased'],
      rule: 'hold-ended',
      job: 'giving/release-escrows',
      command: null,
      refused: false,
      slot: { verdict: 'completed', version: 1, definedBy: 'code' },
    });
    expect(release?.slot?.slot).toBe(release?.correlation);
    expect(release?.followed.map(({ stream, events }) => [stream.replace(/\/[0-9a-f]+$/, ''), ...events])).toEqual(
      expect.arrayContaining([
        ['giving.wallet-r1', 'FundsPosted'],
        ['giving.cycle-e1', 'CycleObligated'],
        ['giving.coins-d1', 'CoinsAwarded'],
      ]),
    );
    expect(held).toMatchObject({ events: ['EscrowHeld'], slot: null, command: { id: 'confirm', by: 'demo', reason: 'sample facts' } });
    const text = formatWhy(explanation);
    expect(text[0]).toBe('why giving.escrow-e1');
    expect(text[1]).toMatch(/^ {2}EscrowReleased {2}\d{4}-\d\d-\d\d \d\d:\d\d\S*Z {2}hold-ended {2}holdUntil .+; settled at slot \S+Z$/);
    expect(text[2]).toMatch(/^ {4}giving\/release-escrows@\S+ {2}<- schedule v1 \(code\) ; then .*FundsPosted/);
    expect(text.at(-1)).toBe('  now: nothing due');
    expect(text).toHaveLength(7);
  });

  it('shortens only instants, and keeps facts in a line', () => {
    const at = instant('2026-11-23T14:00:00.000Z');
    const change = {
      events: ['A', 'B'],
      revision: 0,
      at,
      recordedAt: at,
      facts: { until: '2026-11-23T14:00:05.000Z', n: 3, list: [1], word: 'x' },
      refused: false,
      job: null,
      correlation: 'c',
      command: null,
      slot: null,
      followed: [],
    };
    const explanation: Explanation = {
      stream: 'a.b-c',
      changes: [{ ...change, rule: 'r' }],
      now: { state: null, next: { job: 'a/b', at } },
    };
    expect(formatWhy(explanation)).toEqual([
      'why a.b-c',
      '  A, B  2026-11-23 14:00Z  r  until 2026-11-23 14:00:05Z, n 3, list [1], word x; settled by c',
      '  now: a/b at 2026-11-23 14:00Z',
    ]);
  });
});
