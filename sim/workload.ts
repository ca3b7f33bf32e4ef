import type { Command } from '../src/core/command.ts';
import type { StreamName } from '../src/core/event.ts';
import { manualSlotId, scheduleStream } from '../src/core/ids.ts';
import type { Json } from '../src/core/json.ts';
import type { ReadModels } from '../src/ports/read-models.ts';
import type { Client } from './client.ts';
import type { Bench } from './contexts.ts';
import type { Prng } from './prng.ts';
import type { Provider } from './provider.ts';
import type { World } from './world.ts';

export type WorkloadDeps = {
  readonly world: World;
  readonly client: Client;
  readonly prng: Prng;
  readonly bench: Bench;
  readonly provider: Provider;
  readonly readModels: ReadModels;
  readonly endMs: number;
  readonly count: (what: string) => void;
};

/** An effect is only sent again by a person who has asked the provider, and not while a call may still be under way. */
const replayAfterMs = 5 * 60_000;

/** People and operators: all their wishes are drawn before the run, so that faults do not shift them. */
export const createWorkload = (deps: WorkloadDeps) => {
  const { world, client, prng, bench, provider, readModels, endMs, count } = deps;
  let next = 0;
  const command = (to: string, type: string, data: Json = {}, reason?: string): Command => ({
    id: `cmd-${++next}`,
    to: to as StreamName,
    type,
    data,
    asOf: world.now(),
    ...(reason === undefined ? {} : { reason, by: 'operator' }),
  });
  const send = (to: string, type: string, data?: Json, reason?: string, tries?: number) =>
    client.send(() => command(to, type, data, reason), tries);
  const span = endMs - world.startMs;

  const escrow = (index: number): void => {
    const id = `giving.escrow-e${index}`;
    const holdMs = bench.holdHours * 3_600_000;
    const sentAt = world.startMs + prng.next() * span * 0.8;
    const data = { donor: `d${prng.int(0, 4)}`, recipient: `r${prng.int(0, 4)}`, cents: prng.int(1, 9_999) };
    const confirmAfter = prng.pick([0, 500, 30_000, 300_000]);
    const ending = prng.pick(['none', 'none', 'refund', 'race', 'race', 'early']);
    const endAfter = ending === 'race' ? holdMs + prng.int(-3_000, 3_000) : prng.next() * holdMs * 1.5;
    world.at(sentAt, async () => {
      await send(id, 'SendDonation', data);
      await world.sleep(confirmAfter);
      await send(id, 'ConfirmReceipt');
      if (ending === 'none') return;
      await world.sleep(endAfter);
      await send(id, ending === 'early' ? 'ReleaseEscrowEarly' : 'RefundEscrow', { reason: 'asked for' });
    });
  };

  const lamp = (index: number): void => {
    const id = `house.lamp-l${index}`;
    const at = world.startMs + prng.next() * span * 0.9;
    const times = prng.int(1, 3);
    const seconds = prng.pick([1, 20, 60, 400]);
    world.at(at, async () => {
      for (let time = 0; time < times; time++) {
        await send(id, 'LightLamp', { seconds });
        await world.sleep(prng.int(1, 300) * 1_000);
      }
    });
    if (prng.chance(0.15)) {
      world.at(at, () => void bench.stuck.add(`l${index}`));
      world.at(at + prng.next() * span, () => void bench.stuck.delete(`l${index}`));
    }
  };

  const operator = (): void => {
    const jobs = ['giving/release-escrows', 'house/put-out-lamps', 'house/read-meters', 'house/sweep'] as const;
    const hours = span / 3_600_000;
    for (let index = 0; index < 3 * hours; index++) {
      const job = prng.pick(jobs);
      world.at(world.startMs + prng.next() * span, async () => {
        const id = `manual-${index}`;
        const data = { slot: manualSlotId(job, id), at: world.now(), cause: 'manual' };
        const answer = await client.send(() => ({ ...command(scheduleStream(job), 'OpenSlot', data, 'by hand'), id }), 20);
        if (answer?.kind === 'accepted') count('manualSlot');
      });
    }
    for (let index = 0; index < 1.5 * hours; index++) {
      const job = prng.pick(jobs);
      const ms = prng.pick([30_000, 300_000, 1_500_000]);
      const timed = prng.chance(0.5);
      world.at(world.startMs + prng.next() * span * 0.9, async () => {
        const until = new Date(world.nowMs() + ms).toISOString();
        const answer = await send(scheduleStream(job), 'PauseSchedule', { until: timed ? until : null }, 'works');
        if (answer?.kind === 'accepted') count('pausedSchedule');
        if (timed) return;
        await world.sleep(ms);
        await send(scheduleStream(job), 'ResumeSchedule', {}, 'works done');
      });
    }
    for (let at = world.startMs + 600_000; at < endMs; at += 600_000) world.at(at, () => void replayAll());
    if (prng.chance(0.5)) {
      const from = world.startMs + prng.next() * span;
      world.at(from, () => {
        bench.sweepFails = true;
      });
      world.at(from + span * 0.2, () => {
        bench.sweepFails = false;
      });
    }
  };

  /** Sends again whatever is parked and may be: items always; an effect after asking the provider whether it was done. */
  const replayAll = async (): Promise<void> => {
    const rows = await readModels.list('parked', { limit: 500 }).catch(() => []);
    for (const row of rows) {
      if (row.kind === 'item') {
        await send(row.id as string, 'ReplayItem', {}, 'mended', 30);
        count('replayedItem');
        continue;
      }
      if (world.nowMs() - Date.parse(row.at as string) < replayAfterMs) continue;
      const done = provider.done.has(`${row.job as string} ${row.about as string}`);
      await send(row.id as string, done ? 'DiscardEffect' : 'ReplayEffect', {}, 'asked the provider', 30);
      count(done ? 'discardedEffect' : 'replayedEffect');
    }
  };

  return {
    replayAll,
    begin: (): void => {
      const hours = span / 3_600_000;
      for (let index = 0; index < 25 * hours; index++) escrow(index);
      for (let index = 0; index < 15 * hours; index++) lamp(index);
      for (let index = 0; index < 3; index++)
        world.at(world.startMs + prng.next() * span * 0.3, () => void send(`house.meter-m${index}`, 'WatchMeter'));
      operator();
    },
    mend: (): void => {
      bench.stuck.clear();
      bench.sweepFails = false;
    },
  };
};
