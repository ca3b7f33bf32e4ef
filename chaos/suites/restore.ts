import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createPrng } from '../../sim/prng.ts';
import { idOf } from '../../src/core/stream.ts';
import type { Finding } from '../audit/finding.ts';
import { type Acked, auditFolder } from '../auditor.ts';
import { auditRegistry, partitions } from '../contexts.ts';
import { startProvider } from '../lives.ts';
import { type Ledger, readLedger } from '../provider-client.ts';
import { carillon, type Server, startServer, stopServer } from '../server.ts';
import { settleDown } from '../storm.ts';
import type { Suite } from '../suite.ts';
import { type Command, orderStep } from '../workload.ts';

const graceMs = 5_000;
const batchSize = 50;

/** Receipts go to a provider that does not know keys: what happened after a backup is a person's to look at (docs/operations.md). */
const withoutReceipt = (step: Command): Command => ({ ...step, data: { ...(step.data as object), receipt: false } as Command['data'] });

const place = async (server: Server, steps: readonly Command[]): Promise<Acked[]> => {
  const acked: Acked[] = [];
  for (let from = 0; from < steps.length; from += batchSize) {
    const commands = steps.slice(from, from + batchSize).map(({ id, to, type, data }) => ({ id, to, type, data }));
    const { body, text } = await server.call('POST', '/api/v1/commands', JSON.stringify({ commands }));
    for (const { id, kind, stream } of (body.answers ?? []) as { id: string; kind: string; stream: string }[]) {
      if (kind !== 'accepted') throw new Error(`${id} was ${kind}: ${text}`);
      acked.push({ stream, id });
    }
  }
  return acked;
};

const calls = (ledger: Ledger): number => Object.values(ledger).reduce((sum, entry) => sum + entry.calls, 0);

export const restore: Suite = {
  name: 'restore',
  title: 'carillon backup, run on, restore the copy into an empty folder, run again with the same provider',
  run: async ({ folder, seed, quick, progress }) => {
    const draw = createPrng(seed, 'restore');
    const count = quick ? 60 : 400;
    const steps = Array.from({ length: count }, (_, index) => withoutReceipt(orderStep(draw, `r${index}`)));
    const [data, copy, fresh] = ['data', 'copy', 'fresh'].map((name) => join(folder, name)) as [string, string, string];
    const findings: Finding[] = [];
    const provider = await startProvider(seed);
    const rest = async (server: Server, what: string): Promise<number> => {
      for (const owed of await settleDown(server, null)) findings.push({ kind: 'stuck', text: `${what}: ${owed}` });
      const at = Date.now();
      const { code } = await stopServer(server);
      if (code !== 0) findings.push({ kind: 'wrong', text: `${what} ended with ${code}: ${server.child.errors()}` });
      return at;
    };

    const first = await startServer(data, provider.url);
    await place(first, steps.slice(0, count / 3));
    for (const owed of await settleDown(first, null)) findings.push({ kind: 'stuck', text: `before the backup: ${owed}` });
    const backing = carillon(data, ['backup', copy]);
    // What is acknowledged while the copy is made may be in it or not; what was before it must be.
    await place(first, steps.slice(count / 3, (count * 2) / 3));
    const backup = await backing;
    if (backup.code !== 0) throw new Error(`carillon backup ended with ${backup.code}: ${backup.errors}`);
    await place(first, steps.slice((count * 2) / 3));
    await rest(first, 'the first life');
    const before = await readLedger(provider.url);
    progress(`${count} orders done; ${calls(before)} calls at the provider`);

    mkdirSync(fresh);
    for (const file of ['events.db', 'vault.db']) copyFileSync(join(copy, file), join(fresh, file));
    copyFileSync(join(data, 'store.json'), join(fresh, 'store.json'));
    const second = await startServer(fresh, provider.url);
    // The client asks again for everything: it cannot know what the copy holds.
    const acked = await place(second, steps);
    const end = { at: await rest(second, 'the restored life'), graceMs };
    const ledger = await readLedger(provider.url);
    const repeated = Object.keys(ledger).filter((key) => (ledger[key]?.calls ?? 0) > (before[key]?.calls ?? 0));
    const again = repeated.length;
    const confirmed = new Set(steps.slice(0, count / 3).map(({ to }) => `payout/${idOf(to as never)}`));
    for (const key of repeated)
      if (confirmed.has(key)) findings.push({ kind: 'doubled', text: `${key} was confirmed before the backup and asked for again` });
    progress(`${calls(ledger) - calls(before)} calls after the restore, ${again} keys asked again`);
    if (Object.keys(ledger).length !== count)
      findings.push({ kind: 'wrong', text: `${Object.keys(ledger).length} keys at the provider for ${count} orders` });
    if (again === 0)
      findings.push({ kind: 'wrong', text: 'the restored life called the provider for nothing: the copy was not an old one' });
    findings.push(...(await auditFolder(fresh, { registry: auditRegistry(), partitions, acked, ledger, end, restored: true })));
    provider.child.signal('SIGKILL');
    return { runs: 2, faults: 1, findings, remarks: [`${count} orders, ${again} payouts asked for again under their keys`] };
  },
};
