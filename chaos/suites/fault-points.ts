import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createPrng } from '../../sim/prng.ts';
import type { Finding } from '../audit/finding.ts';
import type { Fault, Phase } from '../fault-points.ts';
import { createFolder, lifeFindings, startProvider } from '../lives.ts';
import { inLanes, type Options, type Result, type Suite } from '../suite.ts';
import { smallLife } from '../workload.ts';

const orders = 24;
/** Minutes of a past whose verdicts are folded (after 500) and trimmed. */
const pastMinutes = 520;
/** Most of a life waits: for slots, for effects that are given up. */
const lanes = 4;
/** What the small life does not reach, and the ledger's does. */
const ledgerPoints = ['store.truncate'];
const quickPoints = ['store.appendMany', 'broker.deliver', 'models.commit', 'effect.call', 'vault.put'];

type Run = { readonly fault: Fault; readonly past: boolean };

const run = async (
  { folder, seed, progress }: Options,
  name: string,
  { fault, past }: Run,
): Promise<{ killed: boolean; findings: Finding[] }> => {
  const place = join(folder, name);
  mkdirSync(place);
  const provider = await startProvider(seed);
  const steps = past ? [] : smallLife(createPrng(seed, `life ${name}`), orders);
  const lives = createFolder(place, provider.url, steps, past ? { pastMinutes } : {});
  const first = await lives.live(fault);
  const last = first.killed ? await lives.live(null) : first;
  const findings = [...lifeFindings(last), ...(await lives.audit())];
  provider.child.signal('SIGKILL');
  const where = `${fault.phase} ${fault.point} (${fault.nth})`;
  progress(`${name} ${first.killed ? 'killed' : 'NOT REACHED'} ${where}${findings.length > 0 ? `: ${findings.length} findings` : ''}`);
  if (findings.length === 0) rmSync(place, { recursive: true, force: true });
  return { killed: first.killed, findings: findings.map(({ kind, text }) => ({ kind, text: `killed ${where}, seed ${seed}: ${text}` })) };
};

/** A run without a fault: which points there are, and how often each is reached. */
const count = async (options: Options, past: boolean): Promise<ReadonlyMap<string, number>> => {
  const provider = await startProvider(options.seed);
  const place = join(options.folder, `count-${past}`);
  mkdirSync(place);
  const steps = past ? [] : smallLife(createPrng(options.seed, 'count'), orders);
  const lives = createFolder(place, provider.url, steps, past ? { pastMinutes } : {});
  const life = await lives.live(null);
  const findings = [...lifeFindings(life), ...(await lives.audit())];
  provider.child.signal('SIGKILL');
  if (findings.length > 0) throw new Error(`without a fault: ${findings.map(({ kind, text }) => `${kind}: ${text}`).join('; ')}`);
  return life.points;
};

const phases: readonly Phase[] = ['before', 'after'];

export const faultPoints: Suite = {
  name: 'fault-points',
  title: 'kill -9 before and after every port call',
  run: async (options): Promise<Result> => {
    const { seed, quick, progress } = options;
    const small = await count(options, false);
    const ledger = quick ? new Map<string, number>() : await count(options, true);
    const known = [...small.keys(), ...(quick ? [] : ledgerPoints)].sort();
    progress(`points and how often a life reaches them: ${[...small].map(([point, times]) => `${point} ${times}`).join(', ')}`);
    const draw = createPrng(seed, 'fault points');
    const faults = known
      .filter((point) => !quick || quickPoints.includes(point))
      .flatMap((point) => {
        const past = !small.has(point);
        const times = (past ? ledger : small).get(point) ?? 1;
        // Only the first half is drawn from: a life is not exactly as long as the one that was counted.
        return phases.map((phase): Run => ({ past, fault: { point, phase, nth: draw.int(1, Math.max(1, Math.floor(times / 2))) } }));
      });
    const findings: Finding[] = [];
    let killed = 0;
    await inLanes([...faults.entries()], lanes, async ([index, each]) => {
      const result = await run(options, `run-${index}`, each);
      if (result.killed) killed++;
      else
        findings.push({
          kind: 'wrong',
          text: `${each.fault.point} was not reached ${each.fault.nth} times: no kill, so nothing was checked`,
        });
      findings.push(...result.findings);
    });
    const missing = [...ledgerPoints.filter((point) => !quick && !ledger.has(point))];
    for (const point of missing) findings.push({ kind: 'wrong', text: `${point} is never reached` });
    return { runs: faults.length * 2, faults: killed, findings, remarks: [`${known.length} points`] };
  },
};
