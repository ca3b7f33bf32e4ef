import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../audit/finding.ts';
import { carillon } from '../server.ts';
import { storm } from '../storm.ts';
import type { Suite } from '../suite.ts';

const stoppedMs = { quick: 5_000, full: 60_000 };

export const pause: Suite = {
  name: 'pause',
  title: 'SIGSTOP under load, then CONT; meanwhile a second process on the folder is refused',
  run: ({ folder, seed, quick, progress }) =>
    storm({
      folder,
      seed,
      progress,
      escrows: quick ? 300 : 2_000,
      blows: 1,
      gapMs: () => 1_500,
      blow: async ({ child }) => {
        const findings: Finding[] = [];
        child.signal('SIGSTOP');
        const other = await carillon(`${folder}/data`, ['start', '--once']);
        if (other.code === 0 || !other.errors.includes('store-locked'))
          findings.push({
            kind: 'wrong',
            text: `a second process on the folder of a stopped one ended with ${other.code}: ${other.errors}`,
          });
        await sleep(quick ? stoppedMs.quick : stoppedMs.full);
        child.signal('SIGCONT');
        return { restart: false, findings };
      },
    }),
};
