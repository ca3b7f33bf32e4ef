import { createPrng } from '../../sim/prng.ts';
import type { Finding } from '../audit/finding.ts';
import { drainLimitMs, stopServer } from '../server.ts';
import { type Storm, storm } from '../storm.ts';
import type { Suite } from '../suite.ts';

/** Every fifth stop is asked for twice; the second signal does not wait, and 130 says so. */
const twiceEach = 5;
const secondAfterMs = 40;

export const drains: Suite = {
  name: 'drains',
  title: 'SIGTERM under load',
  run: async ({ folder, seed, quick, progress }) => {
    const draw = createPrng(seed, 'drains');
    const took: number[] = [];
    const blow: Storm['blow'] = async (server, nth) => {
      const before = performance.now();
      const twice = nth % twiceEach === 0;
      const { child } = server;
      const ended = stopServer(server);
      const second = twice ? setTimeout(() => child.signal('SIGTERM'), secondAfterMs) : undefined;
      const { code, signal } = await ended;
      clearTimeout(second);
      const ms = performance.now() - before;
      if (!twice) took.push(ms);
      const findings: Finding[] = [];
      const allowed = twice ? [0, 130] : [0];
      if (!allowed.includes(code ?? -1))
        findings.push({ kind: 'wrong', text: `stop ${nth} ended with ${code ?? signal}: ${child.errors().slice(-500)}` });
      if (ms > drainLimitMs) findings.push({ kind: 'stuck', text: `stop ${nth} took ${Math.round(ms)} ms` });
      return { restart: true, findings };
    };
    const gapMs = (): number => draw.int(200, quick ? 1_200 : 3_000);
    const result = await storm({ folder, seed, progress, blow, gapMs, escrows: quick ? 200 : 4_000, blows: quick ? 5 : 20 });
    return { ...result, remarks: [...(result.remarks ?? []), `longest drain ${Math.round(Math.max(...took))} ms`] };
  },
};
