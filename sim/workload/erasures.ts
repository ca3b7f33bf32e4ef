import type { Desk } from './deps.ts';

/** A lamp is erased for good while it burns, or after it went out. Its canary must be nowhere afterwards. */
export const erasures = ({ world, each, moment, send, count }: Desk): void =>
  each('erasure', 1, (prng, index, who) => {
    // The lamp of that number was lit some time before, or will be: both are right.
    const lamp = 1 + index * 3 + prng.int(0, 2);
    if (prng.chance(0.5)) return;
    world.at(moment(0.3 + prng.next() * 0.7), async () => {
      const answer = await send(who, `house.lamp-l${lamp}`, 'EraseStream', {}, { reason: 'asked for', tries: 60 });
      if (answer?.kind === 'accepted') count('erased');
    });
  });
