import { fromMs } from '../../src/core/instant.ts';
import type { IntakeLine } from '../../src/core/intake.ts';
import type { Desk } from './deps.ts';

const minuteMs = 60_000;

/** Files of facts from another system, a little behind the clock; whoever imports starts it again until it says that it is done. */
export const imports = ({ world, client, each, moment, count }: Desk): void =>
  each('import', 0.5, (prng, index, who) => {
    const file = prng.int(0, 999);
    const facts = Array.from({ length: prng.int(2, 8) }, (_, line) => ({
      id: `giving.escrow-i${index}x${line}`,
      data: { donor: `d${prng.int(0, 4)}`, recipient: `r${prng.int(0, 4)}`, cents: prng.int(1, 9_999) },
      ago: prng.int(4, 30) * minuteMs,
      refunded: prng.chance(0.5),
    }));
    if (prng.chance(0.4)) return;
    world.at(moment(0.2 + prng.next() * 0.6), () => {
      const now = world.nowMs();
      const lines = facts.flatMap(({ id, data, ago, refunded }): readonly IntakeLine[] => [
        { id: `${id} sent`, to: id, type: 'SendDonation', data, asOf: fromMs(now - ago) },
        { id: `${id} confirmed`, to: id, type: 'ConfirmReceipt', data: {}, asOf: fromMs(now - ago + minuteMs) },
        ...(refunded
          ? [{ id: `${id} refunded`, to: id, type: 'RefundEscrow', data: { reason: 'asked for' }, asOf: fromMs(now - ago + 2 * minuteMs) }]
          : []),
      ]);
      const name = `${who} ${file}`;
      void client.insist(`import ${name}`, async () => {
        const engine = client.engine();
        if (engine === null) return 'no process is up';
        const progress = await Promise.race([engine.imports.start(name, lines, 'operator', 'moved house'), world.sleep(minuteMs)]);
        if (progress?.status !== 'finished') return JSON.stringify(progress ?? 'no answer');
        count('import');
        return 'done';
      });
    });
  });
