import { describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { giving } from '../../src/contexts/giving/index.ts';
import type { ContextDefinition } from '../../src/core/context.ts';
import type { RecordedEvent, StreamName } from '../../src/core/event.ts';
import { fromMs, type Instant, plus } from '../../src/core/instant.ts';
import type { AnyJob } from '../../src/core/job.ts';
import type { Json } from '../../src/core/json.ts';
import type { Registry } from '../../src/core/registry.ts';
import { actorRow } from '../../src/projections/due-queries.ts';
import { stateAsOf } from '../../src/simulation/as-of.ts';
import { replay } from '../../src/simulation/replay.ts';
import { type Simulation, simulate } from '../../src/simulation/simulate.ts';
import { nextEvent, tempFolder, testApp } from '../support/app.ts';
import { allEvents } from '../support/audit.ts';
import { lampContext, newBench } from '../support/lamp.ts';

const hour = 3_600_000;
const release = 'giving/release-escrows';
const lamps = 'house/put-out-lamps';

const send = async (app: App, to: string, type: string, data: Json, asOf: Instant): Promise<void> => {
  const answer = await app.service.commands.send({ id: `${type}-${to}`, to: to as StreamName, type, data, asOf });
  expect(answer.kind).toBe('accepted');
};

/** Everything that is in the log is also in the due index. */
const seen = async (app: App): Promise<void> => {
  const head = await app.service.store.head();
  if (head !== null) await app.service.readModels.passed('due-index', head);
};

/** An escrow that was received so many hours ago; its hold is 48 hours. Waits for what reactors make of it. */
const holding = async (app: App, id: string, hoursAgo: number): Promise<void> => {
  const at = fromMs(Date.now() - hoursAgo * hour);
  await send(app, `giving.escrow-${id}`, 'SendDonation', { donor: `d-${id}`, recipient: `r-${id}`, cents: 500 }, at);
  await send(app, `giving.escrow-${id}`, 'ConfirmReceipt', {}, at);
  for (const stream of [`giving.wallet-r-${id}`, `giving.cycle-${id}`, `giving.donor-d-${id}`])
    await nextEvent(app, (event) => event.stream === stream);
};

const countTypes = (events: readonly RecordedEvent[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const event of events) counts[event.type] = (counts[event.type] ?? 0) + 1;
  return counts;
};

const closedWithWork = (event: RecordedEvent): boolean =>
  event.type === 'SlotClosed' && (event.data as { counts: { due: number } }).counts.due > 0;

/** Triggers a job and returns the slot that did its work: at the turn of the hour the schedule's own may be first. */
const triggered = async (app: App, job: string): Promise<string> => {
  await app.inject('POST', `/api/v1/jobs/trigger/${job}`, { reason: 'now' });
  return ((await nextEvent(app, closedWithWork)).data as { slot: string }).slot;
};

/** What a run appended itself, without what reactors made of it. */
const eventsOf = async (app: App, slot: string): Promise<RecordedEvent[]> =>
  (await allEvents(app)).filter(
    (event) => event.metadata.correlationId === slot && event.metadata.hops === undefined && !event.stream.startsWith('engine.'),
  );

const expectSame = async (app: App, slot: string, simulation: Simulation): Promise<void> => {
  await seen(app);
  const appended = await eventsOf(app, slot);
  expect(countTypes(appended)).toEqual(simulation.events);
  expect(new Set(appended.map((event) => event.stream))).toEqual(new Set(simulation.actors.map((actor) => actor.stream)));
  for (const { stream, events, after } of simulation.actors) {
    const own = appended.filter((event) => event.stream === stream);
    expect(own.map(({ type, data }) => ({ type, data }))).toEqual(events);
    expect((await actorRow(app.service.readModels, stream))?.state).toEqual(after);
  }
};

const quiet = (contexts: readonly ContextDefinition[], folder: string): Promise<App> => testApp(contexts, { folder, ticker: false });

describe('simulate', () => {
  it('lamps: tells what the next tick then appends, and appends nothing itself; a later instant shows more', async () => {
    const [folder, context] = [tempFolder(), lampContext(newBench())];
    const app = await quiet([context], folder);
    const now = app.service.clock.now();
    for (const id of ['a', 'b', 'c']) await send(app, `house.lamp-${id}`, 'LightLamp', { seconds: 0 }, now);
    await send(app, 'house.lamp-later', 'LightLamp', { seconds: 900 }, now);
    await seen(app);
    const head = await app.service.store.head();
    const simulation = await simulate(app.service, 'lamps', app.service.clock.now());
    expect(simulation).toMatchObject({ job: lamps, due: 3, changed: 3, failed: 0, events: { LampWentOut: 3 }, rules: { 'time-up': 3 } });
    expect(simulation.actors[0]).toMatchObject({ stream: 'house.lamp-a', rule: 'time-up', before: { lit: true }, after: { lit: false } });
    expect(await simulate(app.service, 'lamps', plus(now, 900_000))).toMatchObject({ due: 4, changed: 4, events: { LampWentOut: 4 } });
    expect(await simulate(app.service, 'lamps', plus(now, -1))).toMatchObject({ due: 0, changed: 0, events: {}, actors: [] });
    expect((await simulate(app.service, 'lamps', now, { maxActors: 2 })).actors).toHaveLength(2);
    expect(await app.service.store.head()).toBe(head);
    await app.close();

    const ticking = await testApp([context], { folder });
    const closed = await nextEvent(ticking, closedWithWork);
    const { slot, counts } = closed.data as { slot: string; counts: object };
    expect(counts).toMatchObject({ due: simulation.due, changed: simulation.changed, events: simulation.events });
    await expectSame(ticking, slot, simulation);
  });

  it('what fails is told, and the others are simulated all the same', async () => {
    const bench = newBench();
    bench.failing.add('lamps');
    const app = await quiet([lampContext(bench)], tempFolder());
    const now = app.service.clock.now();
    await send(app, 'house.lamp-bad', 'LightLamp', { seconds: 0, broken: true }, now);
    await send(app, 'house.lamp-good', 'LightLamp', { seconds: 0 }, now);
    await seen(app);
    expect(await simulate(app.service, lamps, now)).toMatchObject({
      due: 2,
      changed: 1,
      failed: 1,
      events: { LampWentOut: 1 },
      rules: { 'failed: the switch is stuck': 1, 'time-up': 1 },
    });
  });

  it('escrows: tells what a run then appends; a forecast shows those whose hold ends later', async () => {
    const folder = tempFolder();
    const app = await quiet([giving], folder);
    for (const [id, hoursAgo] of [
      ['a', 120],
      ['b', 49],
      ['c', 72],
      ['soon', 24],
      ['fresh', 1],
    ] as const)
      await holding(app, id, hoursAgo);
    await seen(app);
    const head = await app.service.store.head();
    const now = app.service.clock.now();
    const simulation = await simulate(app.service, 'escrow-release', now);
    expect(simulation).toMatchObject({ job: release, due: 3, changed: 3, events: { EscrowReleased: 3 }, rules: { 'hold-ended': 3 } });
    expect(simulation.actors.map((actor) => actor.stream)).toEqual(['giving.escrow-a', 'giving.escrow-c', 'giving.escrow-b']);
    expect(await simulate(app.service, release, plus(now, 25 * hour))).toMatchObject({ due: 4, events: { EscrowReleased: 4 } });
    expect(await simulate(app.service, release, plus(now, 50 * hour))).toMatchObject({ due: 5, events: { EscrowReleased: 5 } });
    expect(await app.service.store.head()).toBe(head);
    await app.close();

    const running = await testApp([giving], { folder });
    const slot = await triggered(running, 'escrow-release');
    await expectSame(running, slot, simulation);
    expect(await simulate(running.service, release, running.service.clock.now())).toMatchObject({ due: 0, changed: 0, events: {} });
  });

  it('a job that is not there is job-unknown', async () => {
    const app = await quiet([lampContext(newBench())], tempFolder());
    await expect(simulate(app.service, 'nothing', app.service.clock.now())).rejects.toMatchObject({ code: 'job-unknown' });
  });
});

describe('as-of', () => {
  it('cuts by when events took effect, or by when they were recorded; what was due by then is settled in memory', async () => {
    const app = await quiet([giving], tempFolder());
    const began = app.service.clock.now();
    await holding(app, 'a', 120);
    const head = await app.service.store.head();
    const escrow: StreamName = 'giving.escrow-a';
    const ago = (hours: number): Instant => fromMs(Date.now() - hours * hour);
    const [before, during, after] = [ago(121), ago(100), ago(60)];
    expect(await stateAsOf(app.service, escrow, before)).toMatchObject({
      stream: escrow,
      at: before,
      revision: null,
      state: { status: 'none' },
      settled: { status: 'none' },
    });
    expect(await stateAsOf(app.service, escrow, during)).toMatchObject({
      revision: 1,
      state: { status: 'holding' },
      settled: { status: 'holding' },
    });
    expect(await stateAsOf(app.service, escrow, after)).toMatchObject({
      revision: 1,
      state: { status: 'holding' },
      settled: { status: 'released' },
    });
    expect(await stateAsOf(app.service, escrow, after, 'recorded')).toMatchObject({ revision: null, state: { status: 'none' } });
    expect(await stateAsOf(app.service, escrow, plus(began, -1), 'recorded')).toMatchObject({ revision: null });
    expect(await stateAsOf(app.service, escrow, app.service.clock.now(), 'recorded')).toMatchObject({
      revision: 1,
      settled: { status: 'released' },
    });
    expect(await app.service.store.head()).toBe(head);
  });

  it('leaves refusals out, and tells not-found and erased apart', async () => {
    const app = await quiet([giving], tempFolder());
    await holding(app, 'a', 1);
    const refused = await app.service.commands.send({
      id: 'again',
      to: 'giving.escrow-a',
      type: 'ConfirmReceipt',
      data: {},
      asOf: app.service.clock.now(),
    });
    expect(refused.kind).toBe('rejected');
    expect(await stateAsOf(app.service, 'giving.escrow-a', app.service.clock.now())).toMatchObject({
      revision: 1,
      state: { status: 'holding' },
    });
    await expect(stateAsOf(app.service, 'giving.escrow-z', app.service.clock.now())).rejects.toMatchObject({ code: 'not-found' });
    await expect(stateAsOf(app.service, 'nobody.thing-z', app.service.clock.now())).rejects.toMatchObject({ code: 'not-found' });
    await app.service.store.erase('giving.escrow-a');
    await expect(stateAsOf(app.service, 'giving.escrow-a', app.service.clock.now())).rejects.toMatchObject({ code: 'stream-erased' });
  });
});

describe('replay', () => {
  const jobOf = (registry: Registry): AnyJob => registry.jobs.get(release)!;
  const withJob = (registry: Registry, job: AnyJob): Registry => ({ ...registry, jobs: new Map([...registry.jobs, [release, job]]) });

  /** Four escrows that a command and a run released, and one that holds on. */
  const released = async (): Promise<App> => {
    const app = await testApp([giving]);
    for (const id of ['a', 'b', 'c', 'd']) await holding(app, id, 100);
    await holding(app, 'holding', 1);
    // A late refund settles the escrow first: a due decision without a slot, and a refusal behind it.
    const answer = await app.service.commands.send({
      id: 'late',
      to: 'giving.escrow-d',
      type: 'RefundEscrow',
      data: { reason: 'late' },
      asOf: app.service.clock.now(),
    });
    expect(answer).toMatchObject({ kind: 'rejected', rule: 'already-released' });
    await triggered(app, 'escrow-release');
    await seen(app);
    return app;
  };

  it("today's code on the recorded past decides the same; a planted difference is found, with both sides", async () => {
    const app = await released();
    const { service } = app;
    expect(await replay(service, 'escrow-release')).toEqual({ job: release, actors: 5, decisions: 4, equal: 4, different: [] });

    const job = jobOf(service.registry);
    const actor: AnyJob['actor'] = {
      ...job.actor,
      decide: (command, state) => {
        const decision = job.actor.decide(command, state);
        if (decision.kind !== 'accepted' || (state as { donor?: string }).donor !== 'd-b') return decision;
        return { ...decision, events: decision.events.map((event) => ({ ...event, data: { ...(event.data as object), early: true } })) };
      },
    };
    const planted = await replay({ ...service, registry: withJob(service.registry, { ...job, actor }) }, release);
    expect(planted).toMatchObject({ decisions: 4, equal: 3 });
    expect(planted.different).toMatchObject([
      {
        stream: 'giving.escrow-b',
        revision: 2,
        recorded: [{ type: 'EscrowReleased', data: { early: false } }],
        today: [{ type: 'EscrowReleased', data: { early: true } }],
      },
    ]);

    const never = (service.registry.dues.get('giving.escrow') ?? []).map((due) => ({
      ...due,
      transition: { ...due.transition, dueAt: () => null },
    }));
    const undone = await replay({ ...service, registry: { ...service.registry, dues: new Map([['giving.escrow', never]]) } }, release);
    expect(undone).toMatchObject({ decisions: 4, equal: 0 });
    expect(undone.different.map((each) => each.today)).toEqual([[], [], [], []]);
  });
});
