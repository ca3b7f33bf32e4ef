import type { ScheduleState } from '../../src/contexts/engine/schedule/events.ts';
import { manualSlotId, runStream, scheduleStream } from '../../src/core/ids.ts';
import { createPrng } from '../prng.ts';
import type { Desk } from './deps.ts';

const jobs = ['giving/release-escrows', 'house/put-out-lamps', 'house/read-meters', 'house/sweep'] as const;

const runByHand = ({ world, client, each, moment, count }: Desk): void =>
  each('manual', 3, (prng, _index, id) => {
    const job = prng.pick(jobs);
    world.at(moment(prng.next()), async () => {
      const data = { slot: manualSlotId(job, id), at: world.now(), cause: 'manual' };
      const wish = { id, to: scheduleStream(job), type: 'OpenSlot', data, asOf: world.now(), reason: 'by hand', by: 'operator' };
      const answer = await client.send(() => wish, 20);
      if (answer?.kind === 'accepted') count('manualSlot');
    });
  });

const pause = ({ world, each, moment, send, count }: Desk): void =>
  each('pause', 1.5, (prng, _index, who) => {
    const to = scheduleStream(prng.pick(jobs));
    const ms = prng.pick([30_000, 300_000, 1_500_000]);
    const timed = prng.chance(0.5);
    world.at(moment(prng.next() * 0.9), async () => {
      const until = timed ? new Date(world.nowMs() + ms).toISOString() : null;
      const answer = await send(who, to, 'PauseSchedule', { until }, { reason: 'works' });
      if (answer?.kind === 'accepted') count('pausedSchedule');
      if (timed) return;
      await world.sleep(ms);
      await send(who, to, 'ResumeSchedule', {}, { reason: 'works done' });
    });
  });

/** The run that is open at the moment, if there is one, is called off. */
const cancel = ({ world, readModels, each, moment, send, count }: Desk): void =>
  each('cancel', 2, (prng, _index, who) => {
    const job = prng.pick(['house/sweep', 'house/sweep', 'house/read-meters']);
    const slotMs = Math.ceil(moment(prng.next()) / 600_000) * 600_000;
    world.at(slotMs + 1_000, async () => {
      const [row] = await readModels.get('actors', [[scheduleStream(job)]]);
      const open = (row?.state as ScheduleState | undefined)?.open;
      if (open === null || open === undefined) return;
      const answer = await send(who, runStream(open.slot), 'CancelRun', {}, { reason: 'not now', tries: 5 });
      if (answer?.kind === 'accepted') count('cancelledRun');
    });
  });

const tokens = ({ world, each, moment, send, count }: Desk): void =>
  each('token', 2, (prng, index, who) => {
    const to = `engine.token-t${index}`;
    const data = { name: who, role: 'operate', sha256: String(index % 10).repeat(64), expiresAt: null };
    const revokeAfter = prng.int(1, 1_800) * 1_000;
    world.at(moment(prng.next() * 0.7), async () => {
      await send(who, to, 'CreateToken', data, { reason: 'asked for' });
      await world.sleep(revokeAfter);
      const answer = await send(who, to, 'RevokeToken', {}, { reason: 'left the team' });
      if (answer?.kind === 'accepted') count('revokedToken');
    });
  });

const badBroom = ({ seed, world, bench, moment }: Desk): void => {
  const prng = createPrng(seed, 'broom');
  if (!prng.chance(0.5)) return;
  const from = prng.next() * 0.8;
  world.at(moment(from), () => {
    bench.sweepFails = true;
  });
  world.at(moment(from + 0.2), () => {
    bench.sweepFails = false;
  });
};

/** The operator's wishes, each with a reason. */
export const operator = (desk: Desk): void => {
  runByHand(desk);
  pause(desk);
  cancel(desk);
  tokens(desk);
  badBroom(desk);
};
