import type { Desk } from './deps.ts';

const slotMs = 120_000;

/** Donors: a donation, its receipt, and how the hold ends; sometimes within seconds of the release. */
const escrows = ({ world, bench, each, moment, send, spanMs }: Desk): void =>
  each('escrow', 15, (prng, index, who) => {
    const to = `giving.escrow-e${index}`;
    const holdMs = bench.holdHours * 3_600_000;
    const data = { donor: `d${prng.int(0, 4)}`, recipient: `r${prng.int(0, 4)}`, cents: prng.int(1, 9_999) };
    const confirmAfter = prng.pick([0, 500, 30_000, 300_000]);
    const ending = prng.pick(['none', 'none', 'refund', 'race', 'race', 'early']);
    const endAfter = ending === 'race' ? holdMs + prng.int(-3_000, 3_000) : prng.next() * Math.min(spanMs, holdMs * 1.5);
    world.at(moment(prng.next() * 0.8), async () => {
      await send(who, to, 'SendDonation', data);
      await world.sleep(confirmAfter);
      await send(who, to, 'ConfirmReceipt');
      if (ending === 'none') return;
      await world.sleep(endAfter);
      await send(who, to, ending === 'early' ? 'ReleaseEscrowEarly' : 'RefundEscrow', { reason: 'asked for' });
    });
  });

/** Lamps that are lit for a while; some are stuck for a time, the first for good. */
const lamps = ({ world, bench, each, moment, send, spanMs }: Desk): void =>
  each('lamp', 10, (prng, index, who) => {
    // Some are lit so that their time is up within moments of a slot: whoever plans it must have heard of them.
    const close = prng.chance(0.4);
    const anyTime = moment(prng.next() * 0.9);
    const at = close ? Math.ceil(anyTime / slotMs) * slotMs - 1_000 - prng.int(0, 150) : anyTime;
    const times = prng.int(1, 3);
    const seconds = close ? 1 : prng.pick([1, 20, 60, 400]);
    const forever = index === 0 && prng.chance(0.5);
    if (forever) bench.forever.add('l0');
    // A parked actor takes no command: a person gives up after a while.
    const tries = forever ? { tries: 30 } : {};
    const pauses = Array.from({ length: times }, () => prng.int(1, 300) * 1_000);
    world.at(at, async () => {
      for (const pause of pauses) {
        await send(who, `house.lamp-l${index}`, 'LightLamp', { seconds, note: `canary-${index}-` }, tries);
        await world.sleep(pause);
      }
    });
    if (!prng.chance(0.15)) return;
    world.at(at, () => void bench.stuck.add(`l${index}`));
    world.at(at + prng.next() * spanMs, () => void bench.stuck.delete(`l${index}`));
  });

const meters = ({ world, each, moment, send }: Desk): void =>
  each('meter', 1, (prng, index, who) => {
    world.at(moment(prng.next() * 0.3), () => void send(who, `house.meter-m${index}`, 'WatchMeter'));
  });

/** Those who use the service. */
export const people = (desk: Desk): void => {
  escrows(desk);
  lamps(desk);
  meters(desk);
};
