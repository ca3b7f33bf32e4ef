import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteVault } from '../src/adapters/sqlite/vault.ts';
import { auditFolder, type Finding } from './auditor.ts';
import type { Job } from './children/engine.ts';
import { auditRegistry, partitions } from './contexts.ts';
import { type Child, type Exit, startAndWait, startNode } from './processes.ts';
import { readLedger } from './provider-client.ts';
import type { RestlessCounts } from './restless-broker.ts';
import type { Step } from './workload.ts';

const engineFile = join(import.meta.dirname, 'children/engine.ts');
const providerFile = join(import.meta.dirname, 'children/provider.ts');
/** A life that takes longer hangs. */
const longestLifeMs = 90_000;
/** What began this long before the end may be open. */
const graceMs = 5_000;

/** Where a minute of the log begins and ends: with an event that was removed, a fold of the rest says otherwise. */
const unlike = ['time-index'];

/** What one life of the engine said. */
export type Life = {
  readonly exit: Exit;
  readonly killed: boolean;
  readonly hung: boolean;
  readonly errors: string;
  readonly points: ReadonlyMap<string, number>;
  readonly restless: RestlessCounts | null;
};

export const startProvider = async (seed: number): Promise<{ readonly url: string; readonly child: Child }> => {
  const { child, said } = await startAndWait(providerFile, [String(seed)], 'listening');
  return { url: said, child };
};

/** One folder and its lives, with what its client was told. */
export const createFolder = (
  folder: string,
  provider: string,
  steps: readonly Step[],
  more: Pick<Job, 'pastMinutes' | 'restless'> = {},
) => {
  const acked = new Set<string>();
  let endedAt = 0;
  let lives = 0;

  const live = async (fault: Job['fault']): Promise<Life> => {
    const file = `${folder}.job.json`;
    writeFileSync(file, JSON.stringify({ folder, provider, steps, acked: [...acked], fault, life: ++lives, ...more } satisfies Job));
    let killed = false;
    let points: Record<string, number> = {};
    let restless: RestlessCounts | null = null;
    const child = startNode(engineFile, [file], (line) => {
      if (line.startsWith('ack ')) acked.add(line.slice(4));
      if (line.startsWith('killed ')) killed = true;
      if (line.startsWith('stopping ')) endedAt = Number(line.slice(9));
      if (line.startsWith('points ')) points = JSON.parse(line.slice(7)) as typeof points;
      if (line.startsWith('restless ')) restless = JSON.parse(line.slice(9)) as RestlessCounts;
    });
    let hung = false;
    const watchdog = setTimeout(() => {
      hung = true;
      child.signal('SIGKILL');
    }, longestLifeMs);
    const exit = await child.exited;
    clearTimeout(watchdog);
    return { exit, killed, hung, errors: child.errors(), points: new Map(Object.entries(points)), restless };
  };

  /** The vault holds what its client was told it holds. */
  const auditVault = async (): Promise<Finding[]> => {
    const vault = openSqliteVault({ file: join(folder, 'vault.db') });
    const findings: Finding[] = [];
    const expect = async (subject: string, wanted: unknown): Promise<void> => {
      const held = await vault.get(subject);
      if (JSON.stringify(held) !== JSON.stringify(wanted))
        findings.push({ kind: 'lost', text: `vault ${subject}: ${JSON.stringify(held)}, not ${JSON.stringify(wanted)}` });
    };
    if (acked.has('scrub-1')) await expect('s1', { name: 'one' });
    if (acked.has('erase-2')) await expect('s2', null);
    await vault.close();
    for (const file of ['events.db', 'events.db-wal', 'vault.db', 'vault.db-wal']) {
      if (acked.has('erase-2') && readIfThere(join(folder, file)).includes('second'))
        findings.push({ kind: 'wrong', text: `${file} still holds what was erased` });
    }
    return findings;
  };

  return {
    folder,
    acked,
    live,
    /** Everything that must hold once a life has ended well. */
    audit: async (): Promise<readonly Finding[]> => {
      const erased = steps.flatMap((step) => (step.kind === 'erase' && acked.has(step.id) ? [step.stream] : []));
      const found = await auditFolder(folder, {
        registry: auditRegistry({ tidy: more.pastMinutes !== undefined }),
        partitions,
        acked: steps.flatMap((step) => (step.kind === 'command' && acked.has(step.id) ? [{ stream: step.to, id: step.id }] : [])),
        ledger: await readLedger(provider),
        end: { at: endedAt, graceMs },
        erased,
        unlike,
      });
      const missing = steps
        .filter(({ id }) => !acked.has(id))
        .map(({ id }): Finding => ({ kind: 'stuck', text: `${id} was never answered` }));
      return [...found, ...missing, ...(await auditVault())];
    },
  };
};

const readIfThere = (file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
};

export const lifeFindings = ({ exit, hung, errors }: Life): readonly Finding[] =>
  hung
    ? [{ kind: 'stuck', text: `a life did not end in ${longestLifeMs / 1_000} s: ${errors}` }]
    : exit.code === 0
      ? []
      : [{ kind: 'wrong', text: `a life ended with ${exit.code ?? exit.signal}: ${errors}` }];
