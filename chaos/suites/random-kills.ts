import { createPrng } from '../../sim/prng.ts';
import { type Storm, storm } from '../storm.ts';
import type { Suite } from '../suite.ts';

/** Exponential gaps, as failures come: mostly soon after each other, now and then much later. */
const mean = { quick: 700, full: 3_000 };

export const randomKills: Suite = {
  name: 'random-kills',
  title: 'kill -9 at random moments of a run over many escrows, with orders coming in over HTTP',
  run: ({ folder, seed, quick, progress }) => {
    const draw = createPrng(seed, 'kills');
    const blow: Storm['blow'] = async ({ child }) => {
      child.signal('SIGKILL');
      await child.exited;
      return { restart: true };
    };
    const gapMs = (): number => -Math.log(1 - draw.next()) * (quick ? mean.quick : mean.full);
    return storm({ folder, seed, progress, blow, gapMs, escrows: quick ? 500 : 20_000, blows: quick ? 10 : 30 });
  },
};
