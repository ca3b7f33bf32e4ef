import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createPrng } from '../../sim/prng.ts';
import type { Finding } from '../audit/finding.ts';
import { createFolder, lifeFindings, startProvider } from '../lives.ts';
import type { Suite } from '../suite.ts';
import { smallLife } from '../workload.ts';

export const duplicates: Suite = {
  name: 'duplicates',
  title: 'messages doubled, delayed and reordered by a wrapped broker',
  run: async ({ folder, seed, quick, progress }) => {
    const place = join(folder, 'data');
    mkdirSync(place);
    const wanted = quick ? 100 : 1_000;
    const provider = await startProvider(seed);
    const steps = smallLife(createPrng(seed, 'duplicates'), quick ? 60 : 500);
    const lives = createFolder(place, provider.url, steps, { restless: seed });
    const life = await lives.live(null);
    const findings: Finding[] = [...lifeFindings(life), ...(await lives.audit())];
    provider.child.signal('SIGKILL');
    const { duplicates: doubled, delays, messages } = life.restless ?? { duplicates: 0, delays: 0, messages: 0 };
    progress(`${messages} messages, ${doubled} doubled, ${delays} delayed`);
    for (const [what, count] of [['doubled', doubled] as const, ['delayed', delays] as const])
      if (count < wanted)
        findings.push({ kind: 'wrong', text: `only ${count} of ${messages} messages were ${what}; ${wanted} are wanted` });
    return { runs: 1, faults: doubled + delays, findings, remarks: [`${messages} messages: ${doubled} doubled, ${delays} delayed`] };
  },
};
